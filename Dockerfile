# One image for the API, the worker and the migrations:
#   docker run … vespid                        the API (HANDLERS=start-run,get-run picks routes)
#   docker run … vespid node dist/worker.js    the worker
#   docker run … vespid node dist/migrate.js   the migrations
# syntax=docker/dockerfile:1

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package that the build needs has an install script of its own; esbuild's binary comes as a package.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsup.config.ts ./
COPY handlers handlers
COPY lib lib
COPY worker worker
COPY scripts scripts
RUN npx tsup && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
# Node keeps compiled code there. A read-only file system is fine: the API's is part of the image (below); a volume or
# another value of the variable takes the worker's as well.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/.compile-cache
WORKDIR /app
COPY --from=build --chown=root:root /app/node_modules node_modules
COPY --from=build --chown=root:root /app/dist dist
COPY --chown=root:root package.json LICENSE NOTICE ./
COPY --chown=root:root migrations migrations
RUN mkdir .compile-cache && chown node:node .compile-cache
USER node
# The API starts without its services, and writes the cache when it is told to end. The cache is of this user and this path.
RUN DATABASE_URL=postgres://127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1 LOG_LEVEL=silent PORT=0 \
    timeout --preserve-status --signal=TERM 10 node dist/server.js
EXPOSE 8080
# The process is PID 1 and handles SIGTERM itself; the platform must grant SHUTDOWN_GRACE_MS plus a second.
STOPSIGNAL SIGTERM
# Without --enable-source-maps: node would read every map at each start. The bundles keep their names and their lines.
CMD ["node", "dist/server.js"]
