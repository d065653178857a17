module seadesk/bench/benthos

go 1.24

require github.com/benthosdev/benthos/v4 v4.27.0
