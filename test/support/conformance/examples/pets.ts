/** The pet store as the examples know it. */
import type { StandIn } from '../stand-ins.ts';
import type { SentRequest } from './types.ts';

const HOST = 'petstore.swagger.io';

export const PET = { id: 1, name: 'doggie', status: 'available' };

/** @param status one for all calls, or one a call */
export const getPet = (status: number | number[] = 200): StandIn => ({
  host: HOST,
  method: 'GET',
  path: '/v2/pet/1',
  status,
  json: PET,
});

/** Answers those only that carry this token. */
export const getPetWith = (token: string): StandIn => ({
  ...getPet(),
  requireHeader: { authorization: `Bearer ${token}` },
  otherwise: { status: 401 },
});

export const buyPet: StandIn = { host: HOST, method: 'PUT', path: '/v2/pet/1', status: 200, json: 'sold' };

export const GET_PET: SentRequest = { method: 'GET', url: `https://${HOST}/v2/pet/1` };

export const COMMUNICATION = 'https://serverlessworkflow.io/spec/1.0.0/errors/communication';
