// Loaded into the API and the worker (`node --import`): when the process that started them dies, however it
// dies, their channel to it closes and they stop as on SIGTERM.
const LAST_GRACE_MS = 15_000;

function stop() {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => {
    process.kill(process.pid, 'SIGKILL');
  }, LAST_GRACE_MS).unref();
}

if (process.connected) {
  process.once('disconnect', stop);
  process.channel?.unref();
} else {
  // It died before this file was loaded.
  stop();
}
