/** What a URL must be before anything is sent to it. */
import { HttpFailure } from '../engine/types.ts';
import { parseAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';

const MAX_URL_LENGTH = 16_384;

/** Ports of other protocols that an HTTP request could be smuggled into (Fetch standard, "bad port"). */
const BAD_PORTS = new Set(
  (
    '1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 ' +
    '123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 ' +
    '990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080'
  ).split(' '),
);

/**
 * Parses and checks the URL of a request.
 * @throws {HttpFailure} `invalid` when it is no URL to send to, `refused` when its port is another protocol's
 */
export function checkTarget(text: string, allow: AllowList): URL {
  if (text.length > MAX_URL_LENGTH) throw invalid(`the URL is longer than ${MAX_URL_LENGTH} characters`);
  if (!URL.canParse(text)) throw invalid('the URL is not valid');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(`the scheme "${url.protocol}" is not supported; use http: or https:`);
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      `the URL of ${url.hostname} holds a user name or password; send an authorization header instead`,
    );
  }
  checkPort(url.port, url.hostname, allow);
  return url;
}

/**
 * @param port its digits; empty for the scheme's own
 * @throws {HttpFailure} `refused` when the port is another protocol's and the host is not one the operator allows
 */
export function checkPort(port: string, hostname: string, allow: AllowList): void {
  if (!BAD_PORTS.has(port) || isAllowed(hostname, allow)) return;
  throw new HttpFailure('refused', `port ${port} of ${hostname} is not allowed; it is not a web port`);
}

function isAllowed(hostname: string, allow: AllowList): boolean {
  const address = parseAddress(hostname.replace(/^\[|\]$/g, ''));
  return allow.allowsHost(hostname) || (address !== null && allow.allowsAddress(address));
}

function invalid(message: string): HttpFailure {
  return new HttpFailure('invalid', message);
}
