# Every image of Seadesk: one build, then a small image per program. Works with the classic builder and with BuildKit:
#   docker build --target router -t seadesk/router .
FROM debian:bookworm AS build
COPY deploy/packages/build.txt /tmp/build.txt
RUN apt-get update \
 && grep -v '^#' /tmp/build.txt | xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY proto proto
COPY common common
COPY services services
COPY tools tools
COPY deploy/sql deploy/sql
COPY tests/bench tests/bench
RUN cmake --preset release && cmake --build --preset release && strip build/release/bin/*

FROM debian:bookworm-slim AS base
COPY deploy/packages/runtime.txt /tmp/runtime.txt
RUN apt-get update \
 && grep -v '^#' /tmp/runtime.txt | xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /tmp/runtime.txt \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin seadesk
COPY deploy/config /etc/seadesk/config
COPY LICENSE /usr/share/doc/seadesk/LICENSE
ENV SEADESK_CONFIG=/etc/seadesk/config
USER 10001
STOPSIGNAL SIGTERM

FROM base AS ingest
COPY --from=build /src/build/release/bin/ingest /usr/local/bin/ingest
EXPOSE 8080 9101
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["ingest", "--probe"]
ENTRYPOINT ["ingest"]

FROM base AS router
COPY --from=build /src/build/release/bin/router /usr/local/bin/router
EXPOSE 9102
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["router", "--probe"]
ENTRYPOINT ["router"]

FROM base AS translator-gateway
COPY --from=build /src/build/release/bin/translator-gateway /usr/local/bin/translator-gateway
EXPOSE 9103
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["translator-gateway", "--probe"]
ENTRYPOINT ["translator-gateway"]

FROM base AS sla-timer
COPY --from=build /src/build/release/bin/sla-timer /usr/local/bin/sla-timer
EXPOSE 9104
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["sla-timer", "--probe"]
ENTRYPOINT ["sla-timer"]

FROM base AS notifier
COPY --from=build /src/build/release/bin/notifier /usr/local/bin/notifier
EXPOSE 8081 9105
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["notifier", "--probe"]
ENTRYPOINT ["notifier"]

FROM base AS retention-purger
COPY --from=build /src/build/release/bin/retention-purger /usr/local/bin/retention-purger
EXPOSE 9106
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["retention-purger", "--probe"]
ENTRYPOINT ["retention-purger"]

FROM base AS desk
COPY --from=build /src/build/release/bin/desk /usr/local/bin/desk
EXPOSE 8090 9107
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["desk", "--probe"]
ENTRYPOINT ["desk"]

FROM base AS order-tracker
COPY --from=build /src/build/release/bin/order-tracker /usr/local/bin/order-tracker
EXPOSE 9108
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["order-tracker", "--probe"]
ENTRYPOINT ["order-tracker"]

FROM base AS media-fetcher
COPY --from=build /src/build/release/bin/media-fetcher /usr/local/bin/media-fetcher
EXPOSE 9110
HEALTHCHECK --start-period=120s --interval=5s --timeout=3s --retries=6 CMD ["media-fetcher", "--probe"]
ENTRYPOINT ["media-fetcher"]

FROM base AS fake-provider
COPY --from=build /src/build/release/bin/fake-provider /usr/local/bin/fake-provider
EXPOSE 8099
ENTRYPOINT ["fake-provider"]

# The operator's command: migrations, topics, checks.
FROM base AS seadesk
COPY --from=build /src/build/release/bin/seadesk /usr/local/bin/seadesk
COPY deploy/sql /etc/seadesk/sql
ENV SEADESK_SQL=/etc/seadesk/sql
ENTRYPOINT ["seadesk"]
