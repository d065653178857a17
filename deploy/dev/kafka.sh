# kafka.sh: a private Kafka 4.1.0 (one KRaft node) out of Maven Central's jars.

KAFKA_VERSION=4.1.0
KAFKA_LIBS=$CACHE/kafka-$KAFKA_VERSION
MAVEN_DEPENDENCY_PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.6.1

# Fetches the jars once per cache; the folder appears only when every sum is right.
kafka_get() {
    [ -d "$KAFKA_LIBS" ] && return 0
    with_lock kafka kafka_get_locked
}

kafka_get_locked() {
    local new=$KAFKA_LIBS.new
    [ -d "$KAFKA_LIBS" ] && return 0
    rm -rf "$new"
    mkdir -p "$new"
    step "Fetching Kafka $KAFKA_VERSION from Maven Central (54 MB)" \
        mvn -B -ntp -f "$ROOT/deploy/dev/kafka/pom.xml" "$MAVEN_DEPENDENCY_PLUGIN:copy-dependencies" \
        -DincludeScope=runtime -DoutputDirectory="$new" || return 1
    kafka_verify "$new" || die "a jar of Kafka is not the one of deploy/dev/kafka/sha256.txt; nothing was kept"
    mv "$new" "$KAFKA_LIBS"
}

kafka_verify() {
    local sums=$ROOT/deploy/dev/kafka/sha256.txt
    (cd "$1" && sha256sum --check --strict --quiet "$sums") || return 1
    [ "$(find "$1" -name '*.jar' | wc -l)" = "$(wc -l <"$sums")" ]
}

kafka_java() { java -cp "$KAFKA_LIBS/*" "$@"; }

# Writes the settings, and formats the log folder the first time.
kafka_prepare() {
    mkdir -p "$STATE/kafka"
    kafka_settings >"$STATE/kafka/server.properties"
    [ -f "$STATE/kafka/data/meta.properties" ] && return 0
    rm -rf "$STATE/kafka/data"
    kafka_java -XX:TieredStopAtLevel=1 -Xmx128m kafka.tools.StorageTool format \
        --config "$STATE/kafka/server.properties" --cluster-id seadeskDevelopmentStackA \
        >"$STATE/log/kafka-format.log" 2>&1 9>&- ||
        die "Kafka's log folder could not be formatted; see $STATE/log/kafka-format.log"
}

# A killed broker comes back only when its old session has ended, hence the short session.
kafka_settings() {
    cat <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$(port kafka_controller)
listeners=PLAINTEXT://127.0.0.1:$(port kafka),CONTROLLER://127.0.0.1:$(port kafka_controller)
advertised.listeners=PLAINTEXT://127.0.0.1:$(port kafka)
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$STATE/kafka/data
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=6
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
num.network.threads=2
num.io.threads=4
background.threads=2
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
EOF
}

kafka_command() {
    COMMAND=(java -Xmx512m -Xms256m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true
        -Dlog4j2.configurationFile="$ROOT/deploy/dev/kafka/log4j2.properties"
        -cp "$KAFKA_LIBS/*" kafka.Kafka "$STATE/kafka/server.properties")
}

kafka_ready() { port_taken "$(port kafka)"; }
