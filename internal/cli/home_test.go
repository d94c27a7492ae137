package cli

import (
	"errors"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/environment"
)

func TestTheHomeUnderSudo(t *testing.T) {
	const stranger = "SUDO_UID=3999999999" // of no database
	tests := map[string]struct {
		environ []string
		want    string
		code    string
	}{
		"root's own":                {[]string{"HOME=/root"}, "/root/.local/state/labctl", ""},
		"given":                     {[]string{"HOME=/root", "SUDO_UID=65534", "XDG_STATE_HOME=/state"}, "/state/labctl", ""},
		"given before that":         {[]string{"SUDO_UID=65534", "XDG_STATE_HOME=/state", "LABCTL_HOME=/labs"}, "/labs", ""},
		"of an unknown user":        {[]string{"HOME=/root", stranger}, "", environment.CodeState},
		"given by an unknown user":  {[]string{"HOME=/root", stranger, "LABCTL_HOME=/labs"}, "/labs", ""},
		"likewise, as XDG would it": {[]string{"HOME=/root", stranger, "XDG_STATE_HOME=/state"}, "/state/labctl", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			home, err := (&State{UID: 0, Environ: tt.environ, Dir: "/"}).home()
			var p *environment.Problem
			switch errors.As(err, &p); {
			case tt.code == "" && (err != nil || home.Dir != tt.want):
				t.Errorf("got %s, %v, want %s", home.Dir, err, tt.want)
			case tt.code != "" && (p == nil || p.Code != tt.code || !strings.Contains(p.Hint, "LABCTL_HOME")):
				t.Errorf("got %s, %v, want %s", home.Dir, err, tt.code)
			}
		})
	}
}
