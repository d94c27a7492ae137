package metrics

import (
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func sample() *Registry {
	r := &Registry{}
	c := r.Counter("requests_total", "Requests.", "code", "path")
	c.Inc("200", "/")
	c.Inc("200", "/")
	c.Inc("500", `a"b\c`+"\n")
	h := r.Histogram("seconds", "Time.", []float64{.1, 1}, "path")
	for _, v := range []float64{.05, .1, .5, 3} {
		h.Observe(v, "/")
	}
	r.Gauge("in_flight", "Now.", func() float64 { return 1.5e9 })
	r.Info("build_info", "Build.", []string{"version"}, []string{"v1"})
	return r
}

func TestPrometheusReadsIt(t *testing.T) {
	var out strings.Builder
	if err := sample().Write(&out); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(out.String()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	requests := families["requests_total"].GetMetric()
	if len(requests) != 2 || requests[0].GetCounter().GetValue() != 2 || requests[1].GetLabel()[1].GetValue() != `a"b\c`+"\n" {
		t.Errorf("requests = %v", requests)
	}
	h := families["seconds"].GetMetric()[0].GetHistogram()
	if h.GetSampleCount() != 4 || h.GetSampleSum() != 3.65 || h.GetBucket()[0].GetCumulativeCount() != 2 || h.GetBucket()[1].GetCumulativeCount() != 3 {
		t.Errorf("histogram = %v", h)
	}
	if v := families["in_flight"].GetMetric()[0].GetGauge().GetValue(); v != 1.5e9 {
		t.Errorf("gauge = %v", v)
	}
	if v := families["build_info"].GetMetric()[0].GetGauge().GetValue(); v != 1 {
		t.Errorf("info = %v", v)
	}
}

func TestOutputIsStable(t *testing.T) {
	var first, second strings.Builder
	if sample().Write(&first) != nil || sample().Write(&second) != nil || first.String() != second.String() {
		t.Error("the same metrics were printed differently")
	}
	if want := "requests_total{code=\"200\",path=\"/\"} 2\n"; !strings.Contains(first.String(), want) {
		t.Errorf("no %q in\n%s", want, first.String())
	}
}
