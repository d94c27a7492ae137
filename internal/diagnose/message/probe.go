package message

import (
	"strconv"
	"strings"
)

// ProbeFailure is how a probe went wrong.
type ProbeFailure string

// The ways in which a probe fails.
const (
	ProbeRefused ProbeFailure = "refused" // nothing listens
	ProbeTimeout ProbeFailure = "timeout" // no answer in time
	ProbeStatus  ProbeFailure = "status"  // an HTTP status that is not 2xx or 3xx
	ProbeNoPort  ProbeFailure = "no port" // the probe names a port that is not there
	ProbeOther   ProbeFailure = "other"   // a command's output, gRPC, TLS, …
)

// Probe is what the kubelet says of a failed probe.
type Probe struct {
	Kind    string // Readiness, Liveness or Startup
	Failure ProbeFailure
	Status  int    // of an HTTP probe that got an answer
	Detail  string // the kubelet's words
}

// Unhealthy reads an Unhealthy event of the kubelet's.
func Unhealthy(text string) (Probe, bool) {
	g := find(`(?s)^(Readiness|Liveness|Startup) probe (?:failed|errored[^:]*): ?(.*)$`, text)
	if g == nil {
		return Probe{}, false
	}
	p := Probe{Kind: g[0], Detail: strings.TrimSpace(g[1]), Failure: ProbeOther}
	if status := find(`statuscode: (\d+)`, p.Detail); status != nil {
		p.Failure = ProbeStatus
		p.Status, _ = strconv.Atoi(status[0])
		return p, true
	}
	for _, sign := range []struct {
		text    string
		failure ProbeFailure
	}{
		{"connection refused", ProbeRefused},
		{"couldn't find port", ProbeNoPort},
		{"deadline exceeded", ProbeTimeout},
		{"Timeout exceeded", ProbeTimeout},
		{"i/o timeout", ProbeTimeout},
		{"timed out", ProbeTimeout},
	} {
		if strings.Contains(p.Detail, sign.text) {
			p.Failure = sign.failure
			break
		}
	}
	return p, true
}

// KilledByProbe reads the kubelet's word that a probe made it restart a
// container: "Container web failed liveness probe, will be restarted".
func KilledByProbe(text string) (kind string, ok bool) {
	g := find(`ontainer \S+ failed (liveness|startup) probe`, text)
	if g == nil {
		return "", false
	}
	return map[string]string{"liveness": "Liveness", "startup": "Startup"}[g[0]], true
}
