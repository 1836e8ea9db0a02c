// The server itself. SIGUSR2 makes it allocate until V8 has no memory left.
process.on('SIGUSR2', () => {
  const kept: object[] = [];
  for (let index = 0; ; index += 1) kept.push({ index });
});

// After the handler is set: a test sends the signal as soon as the server says that it is ready.
await import('../../src/main.ts');
