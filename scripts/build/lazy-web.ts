/**
 * Request, Response and Headers of the web platform, loaded with their first use: Node loads undici for them, which is
 * 15 to 30 ms of a start. node-server builds its own light classes on these (see node-server.ts).
 */
type WebClass = abstract new (...args: never[]) => object;
type Name = 'Request' | 'Response' | 'Headers';

/** A class that stands for the global one: it makes the same instances, and knows them. */
function standIn(name: Name): WebClass {
  let real: WebClass | undefined;
  const load = (): WebClass => {
    if (real !== undefined) return real;
    // Read by its name, the global is one of the three classes.
    real = Reflect.get(globalThis, name) as WebClass;
    // What extends the stand-in inherits the members of the real one from here on.
    Object.setPrototypeOf(StandIn, real);
    // The prototype of a class is an object.
    Object.setPrototypeOf(StandIn.prototype, real.prototype as object);
    return real;
  };
  class StandIn {
    static [Symbol.hasInstance](value: unknown): boolean {
      if (typeof value !== 'object' || value === null) return false;
      // All three name themselves so; of what is none of them nothing needs to be loaded.
      return Reflect.get(value, Symbol.toStringTag) === name && value instanceof load();
    }
    constructor(...args: never[]) {
      const target = load();
      // A class that extends this one keeps its prototype. A constructor may give another object than `this`.
      return Reflect.construct(target, args, new.target === StandIn ? target : new.target) as StandIn;
    }
  }
  return StandIn;
}

export const Request = standIn('Request');
export const Response = standIn('Response');
export const Headers = standIn('Headers');
