package procs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Sleep waits.
func Sleep(ctx context.Context, p *applet.Process) error {
	operands, err := p.Operands("DURATION...", "Wait: seconds, or 500ms, 2m, 1h, or infinity.", 1)
	if err != nil {
		return err
	}
	var total time.Duration
	for _, text := range operands {
		if text == "infinity" || text == "inf" {
			total = 1<<63 - 1
			break
		}
		factor := time.Duration(1)
		if days, ok := strings.CutSuffix(text, "d"); ok { // Go has no days
			text, factor = days, 24*60*60
		}
		d, err := opt.ParseDuration(text)
		if err != nil {
			return applet.Usagef("%q: %v", text, err)
		}
		total += d * factor
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(total):
		return nil
	}
}

// Date prints the time.
func Date(_ context.Context, p *applet.Process) error {
	var utc, iso bool
	set := opt.New("[-u] [-I] [+FORMAT]", "Print the time; FORMAT knows %Y %m %d %H %M %S %s %N %Z %z %a %b %F %T %j.")
	set.Bool(&utc, 'u', "utc", "in UTC")
	set.Bool(&iso, 'I', "iso-8601", "as 2006-01-02T15:04:05Z07:00")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	now := time.Now()
	if utc {
		now = now.UTC()
	}
	text := now.Format("Mon Jan _2 15:04:05 MST 2006")
	switch {
	case iso:
		text = now.Format(time.RFC3339)
	case len(operands) == 1 && strings.HasPrefix(operands[0], "+"):
		text = formatTime(now, operands[0][1:])
	case len(operands) > 0:
		return applet.Usagef("want +FORMAT; setting the clock is not supported")
	}
	_, err = fmt.Fprintln(p.Stdout, text)
	return err
}

func formatTime(t time.Time, format string) string {
	return strings.NewReplacer(
		"%%", "%", "%Y", t.Format("2006"), "%y", t.Format("06"), "%m", t.Format("01"), "%d", t.Format("02"), "%e", t.Format("_2"),
		"%H", t.Format("15"), "%I", t.Format("03"), "%p", t.Format("PM"), "%M", t.Format("04"), "%S", t.Format("05"),
		"%s", fmt.Sprint(t.Unix()), "%N", fmt.Sprintf("%09d", t.Nanosecond()), "%3N", fmt.Sprintf("%03d", t.Nanosecond()/1e6),
		"%Z", t.Format("MST"), "%z", t.Format("-0700"), "%a", t.Format("Mon"), "%A", t.Format("Monday"),
		"%b", t.Format("Jan"), "%B", t.Format("January"), "%F", t.Format("2006-01-02"), "%T", t.Format("15:04:05"),
		"%D", t.Format("01/02/06"), "%j", t.Format("002"), "%n", "\n", "%t", "\t",
	).Replace(format)
}

// True does nothing, successfully.
func True(context.Context, *applet.Process) error { return nil }

// False does nothing, unsuccessfully.
func False(context.Context, *applet.Process) error { return applet.Exit(1) }
