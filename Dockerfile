# syntax=docker/dockerfile:1
# The version of Node is the one that package-lock.json locks, and a test keeps them equal. Where you build, you can add the digest
# of the image to pin it completely.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY bench/package.json bench/
COPY client/package.json client/
COPY dashboard/package.json dashboard/
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
# Then only what the server needs stays. The Node that `npm ci` installed goes too: the image has the same one.
RUN npm run build \
  && npm prune --omit=dev --workspaces=false \
  && rm -rf node_modules/node-* node_modules/.bin node_modules/.package-lock.json \
  && chmod -R a+rX,go-w .

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="Appflow" \
  org.opencontainers.image.description="Self-hosted backend for events from mobile apps" \
  org.opencontainers.image.licenses="MIT"
# The image installs and builds nothing. A volume on /data that is empty gets this owner.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
  && mkdir --mode=700 /data \
  && chown 10001:10001 /data
WORKDIR /app
COPY --from=build /app/node_modules node_modules/
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/bin bin/
COPY --from=build /app/client/src client/src/
COPY --from=build /app/dashboard/dist dashboard/dist/
COPY --from=build /app/src src/
# chDB blocks threads of the libuv pool, so it needs more than the default of four.
ENV NODE_ENV=production \
  UV_THREADPOOL_SIZE=8 \
  HOST=0.0.0.0 \
  PORT=8080 \
  APPFLOW_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# The first start of a release may migrate for a while before it listens.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-sigusr1", "src/main.ts"]
