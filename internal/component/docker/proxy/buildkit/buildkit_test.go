package buildkit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is a field of a message that is made of bytes.
func field(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

func pair(key, value string) []byte { return append(field(1, []byte(key)), field(2, []byte(value))...) }

func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// call makes a call through the rules to an engine that answers with what it got.
func call(t *testing.T, path string, body []byte) (got []byte, status, message string) {
	t.Helper()
	client, front := net.Pipe()
	back, engine := net.Pipe()
	rules := Rules{Labels: map[string]string{"of": "env1"}, MayName: func(_ context.Context, ref string) error {
		if ref == "app:v1" {
			return errors.New("it is 100% theirs")
		}
		return nil
	}}
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), front, back, rules) }()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/grpc")
		_, _ = w.Write(data)
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	})
	go accept(engine, echo)
	conn, err := dial(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://engine"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Te", "trailers")
	response, err := conn.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	got, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if status, message = response.Header.Get("Grpc-Status"), response.Header.Get("Grpc-Message"); status == "" {
		status = response.Trailer.Get("Grpc-Status")
	}
	_ = conn.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
	return got, status, message
}

func TestBuildsCarryLabels(t *testing.T) {
	label := pair("label:of", "env1")
	for path, number := range map[string]protowire.Number{control + "Solve": frontendAttrs, bridge + "Solve": frontendOpt} {
		message := slices.Concat(field(1, []byte("ref")), protowire.AppendVarint(protowire.AppendTag(nil, 11, protowire.VarintType), 1),
			field(exporters, slices.Concat(field(1, []byte("moby")), field(exporterAttrs, pair("name", "parcels:v1")))), field(number, pair("label:of", "me")))
		got, status, why := call(t, path, framed(message))
		if want := framed(append(slices.Clone(message), field(number, label)...)); !bytes.Equal(got, want) || status != "0" {
			t.Errorf("%s: %s %s: the engine got %q, want %q", path, status, why, got, want)
		}
	}
	const streamed = "any bytes \x00 at all"
	if got, status, _ := call(t, control+"Status", []byte(streamed)); string(got) != streamed || status != "0" {
		t.Errorf("another call: %q %s", got, status)
	}
}

func TestWhatBuildsMayNot(t *testing.T) {
	named := func(name string) []byte { return field(exporterAttrs, pair("name", name)) }
	for name, tt := range map[string]struct {
		path string
		body []byte
		want string
	}{
		"a name of others":      {control + "Solve", framed(field(exporters, named("b:v1,app:v1"))), "100%25%20theirs"},
		"an old client's":       {control + "Solve", framed(field(oldExporterAttrs, pair("name", "app:v1"))), "theirs"},
		"the host's network":    {control + "Solve", framed(field(entitlements, []byte("network.host"))), "network.host"},
		"the cache":             {control + "Prune", framed(nil), "cache"},
		"the history":           {control + "UpdateBuildHistory", framed(protowire.AppendVarint(protowire.AppendTag(nil, deletes, protowire.VarintType), 1)), "history"},
		"a compressed message":  {control + "Solve", append([]byte{1}, framed(nil)[1:]...), "understands"},
		"half a message":        {control + "Solve", framed([]byte{0xff})[:5], "understands"},
		"what is no message":    {bridge + "Solve", framed([]byte{0xff, 0xff}), "understands"},
		"a build of no message": {control + "Solve", framed([]byte{0x3a, 0x10, 'x'}), "understands"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status, message := call(t, tt.path, tt.body)
			if len(got) > 0 || status != "7" || !strings.Contains(message, tt.want) {
				t.Errorf("%q %s %s", got, status, message)
			}
		})
	}
}
