package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestPrivateWantsTheToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		env    map[string]string
		header string
		want   int
	}{
		"no token set":        {nil, "Bearer sesame", http.StatusServiceUnavailable},
		"right token":         {map[string]string{"API_TOKEN": "sesame"}, "Bearer sesame", http.StatusOK},
		"right token, a file": {map[string]string{"API_TOKEN_FILE": file}, "Bearer sesame", http.StatusOK},
		"wrong token":         {map[string]string{"API_TOKEN": "sesame"}, "Bearer open", http.StatusUnauthorized},
		"no token sent":       {map[string]string{"API_TOKEN": "sesame"}, "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := defaults()
			if err := cfg.load(nil, func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }); err != nil {
				t.Fatal(err)
			}
			s := newService(cfg, slog.New(slog.DiscardHandler), nil)
			s.warm.Store(true)
			r := httptest.NewRequest(http.MethodGet, "/private", nil)
			r.Header.Set("Authorization", tt.header)
			w := httptest.NewRecorder()
			s.handler().ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("got %d, want %d", w.Code, tt.want)
			}
		})
	}
}
