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
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/node-compile-cache
WORKDIR /app
COPY --from=build --chown=root:root /app/node_modules node_modules
COPY --from=build --chown=root:root /app/dist dist
COPY --chown=root:root package.json LICENSE NOTICE ./
COPY --chown=root:root migrations migrations
USER node
EXPOSE 8080
# The process is PID 1 and handles SIGTERM itself; the platform must grant SHUTDOWN_GRACE_MS plus a second.
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/server.js"]
