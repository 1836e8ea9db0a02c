import '../../src/main.ts';

// The server itself. SIGUSR2 makes it allocate until V8 has no memory left.
process.on('SIGUSR2', () => {
  const kept: object[] = [];
  for (let index = 0; ; index += 1) kept.push({ index });
});
