package engine

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLoadEachSaysWhatFailed(t *testing.T) {
	full, broken := errors.New("disk full"), errors.New("bad archive")
	drain := func(tar io.Reader) error { _, err := io.Copy(io.Discard, tar); return err }
	tests := map[string]struct {
		tar  io.Reader
		b    func(tar io.Reader) error
		want error
		says string
	}{
		"all have it":          {tar: strings.NewReader("images"), b: drain},
		"one needs no more":    {tar: strings.NewReader("images"), b: func(io.Reader) error { return nil }},
		"one fails":            {strings.NewReader("images"), func(io.Reader) error { return full }, full, "node b"},
		"one fails at the end": {strings.NewReader("images"), func(r io.Reader) error { return errors.Join(drain(r), full) }, full, "node b"},
		"the tar is broken":    {iotest.ErrReader(broken), drain, broken, "bad archive"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := LoadEach(t.Context(), tt.tar, []string{"a", "b", "c"}, func(_ context.Context, node string, tar io.Reader) error {
				if node == "b" {
					return tt.b(tar)
				}
				return drain(tar)
			})
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
