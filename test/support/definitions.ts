/** Small workflow definitions. */

/** One task that sets a text. */
export const definition = (greeting = 'hello', name = 'greeter') => ({
  document: { dsl: '1.0.0', namespace: 'test', name, version: '0.1.0' },
  do: [{ greet: { set: { text: greeting } } }],
});
/** The same in YAML. */
export const yamlDefinition = (greeting = 'hello') => `# greets
document: { dsl: 1.0.0, namespace: test, name: greeter, version: 0.1.0 }
do:
  - greet:
      set: { text: ${greeting} }
`;
