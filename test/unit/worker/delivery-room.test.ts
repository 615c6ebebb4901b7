import { describe, expect, it } from 'vitest';
import { DeliveryRoom } from '../../../worker/duties/delivery-room.ts';

const open = (): DeliveryRoom => new DeliveryRoom({ maxInFlight: 5, maxPerOrg: 3, maxPerSubscription: 2 });
const of = (orgId: string, subscriptionId: string) => ({ orgId, subscriptionId });

describe('the room for deliveries', () => {
  it('is closed to a subscription and to an org that have their share, and open again when one ends', () => {
    const room = open();
    room.enter(of('a', 's1'));
    room.enter(of('a', 's1'));
    expect(room.fullIds()).toEqual(['s1']);
    room.enter(of('a', 's2'));
    expect(room.fullIds()).toEqual(['a', 's1']);
    expect(room.held()).toEqual({ a: 3, s1: 2, s2: 1 });
    expect(room.free()).toBe(2);
    room.leave(of('a', 's1'));
    expect(room.fullIds()).toEqual([]);
    room.leave(of('a', 's1'));
    room.leave(of('a', 's2'));
    expect({ held: room.held(), free: room.free() }).toEqual({ held: {}, free: 5 });
  });

  it('lets an endpoint rest ten times as long as its failure took; a quick failure costs nothing', () => {
    const room = open();
    room.rest('slow', 15_000, 1000);
    room.rest('quick', 20, 1000);
    expect(room.restingIds(1000)).toEqual(['slow']);
    expect(room.restingIds(150_999)).toEqual(['slow']);
    expect(room.restingIds(151_000)).toEqual([]);
  });
});
