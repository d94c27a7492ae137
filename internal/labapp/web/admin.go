package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"labctl.dev/labctl/internal/labapp/opt"
)

// adminRoutes are the knobs: POST /admin/KNOB?value=V answers the new state.
//
//	failure-rate=0.2  latency=200ms  unhealthy=true  unready=true  hang=true
//	leak=10Mi (a second; 0 stops and frees)  cpu=0.5  crash=3 (exit code)  reset
func (s *service) adminRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /admin", s.guarded(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.faults.state()) }))
	knob := func(name string, turn func(ctx context.Context, value string) error) {
		mux.HandleFunc("POST /admin/"+name, s.guarded(func(w http.ResponseWriter, r *http.Request) {
			value := r.FormValue("value")
			// What a knob starts outlives the request.
			if err := turn(context.WithoutCancel(r.Context()), value); err != nil {
				http.Error(w, fmt.Sprintf("value %q: %v", value, err), http.StatusBadRequest)
				return
			}
			s.log.Warn("fault changed by /admin", "knob", name, "value", value)
			writeJSON(w, s.faults.state())
		}))
	}
	knob("failure-rate", s.setFailureRate)
	knob("latency", s.setLatency)
	knob("unhealthy", s.setFlag(func(st *State, on bool) { st.Unhealthy = on }))
	knob("unready", s.setFlag(func(st *State, on bool) { st.Unready = on }))
	knob("hang", s.setFlag(func(st *State, on bool) { st.Hanging = on }))
	knob("leak", s.setLeak)
	knob("cpu", s.setCPU)
	knob("crash", s.crash)
	knob("reset", func(ctx context.Context, _ string) error {
		s.faults.reset()
		s.ballast.leak(ctx, 0)
		s.ballast.burn(ctx, s.cfg.CPU)
		return nil
	})
}

func (s *service) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.AdminToken != "" && !bears(r, s.cfg.AdminToken) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "want Authorization: Bearer TOKEN", http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

func (s *service) setFailureRate(_ context.Context, value string) error {
	rate, err := strconv.ParseFloat(value, 64)
	if err != nil || rate < 0 || rate > 1 {
		return fmt.Errorf("want a fraction from 0 to 1")
	}
	s.faults.change(func(st *State) { st.FailureRate = rate })
	return nil
}

func (s *service) setLatency(_ context.Context, value string) error {
	d, err := opt.ParseDuration(value)
	if err == nil {
		s.faults.change(func(st *State) { st.LatencyMS = d.Milliseconds() })
	}
	return err
}

func (s *service) setFlag(set func(*State, bool)) func(context.Context, string) error {
	return func(_ context.Context, value string) error {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("want true or false")
		}
		s.faults.change(func(st *State) { set(st, on) })
		return nil
	}
}

func (s *service) setLeak(ctx context.Context, value string) error {
	perSecond, err := opt.ParseBytes(value)
	if err == nil {
		s.ballast.leak(ctx, perSecond)
	}
	return err
}

func (s *service) setCPU(ctx context.Context, value string) error {
	cores, err := strconv.ParseFloat(value, 64)
	if err != nil || cores < 0 {
		return fmt.Errorf("want a number of cores")
	}
	s.ballast.burn(ctx, cores)
	return nil
}

// crash ends the process a moment later, so that the answer gets out.
func (s *service) crash(_ context.Context, value string) error {
	code := 1
	if value != "" {
		var err error
		if code, err = strconv.Atoi(value); err != nil {
			return fmt.Errorf("want an exit code")
		}
	}
	s.log.Error("crashing on purpose", "code", code)
	time.AfterFunc(50*time.Millisecond, func() { s.exit(code) })
	return nil
}
