package web

import (
	"fmt"
	"os"
	"strings"
	"time"

	"labctl.dev/labctl/internal/labapp/opt"
)

// Config is what the service was told at its start.
type Config struct {
	Version, Greeting string
	GreetingFile      string
	Address           string
	Port              int
	PodName           string

	StartupDelay, ReadyDelay time.Duration
	FailStart                string
	FailStartCode            int

	FailureRate float64
	FailureCode int
	Latency     time.Duration
	Memory      int64
	CPU         float64

	OnSIGTERM       string
	ShutdownDelay   time.Duration
	ShutdownTimeout time.Duration

	Required           string
	ConfigFile         string
	Secret, SecretFile string
	APIToken           string
	APITokenFile       string
	DataDir, StoreURL  string
	AdminToken         string
	LogProbes          bool

	// Properties is the content of ConfigFile.
	Properties map[string]string
	// Settings lists every option with its source, secrets masked.
	Settings []opt.Setting
}

// What ON_SIGTERM may say.
const (
	drainOnTerm  = "drain"  // unready, serve on, finish what is in flight, exit 0
	exitOnTerm   = "exit"   // drop everything at once
	ignoreOnTerm = "ignore" // go on until killed
)

func defaults() *Config {
	return &Config{
		Version: "v1", Greeting: "Hello from labapp", Port: 8080, FailStartCode: 1, FailureCode: 500,
		OnSIGTERM: drainOnTerm, ShutdownDelay: 2 * time.Second, ShutdownTimeout: 15 * time.Second,
	}
}

func (c *Config) options() *opt.Set {
	s := opt.New("[OPTIONS]", "Serve HTTP. Every option may come from the environment (the name in brackets), or from the configuration file.")
	s.String(&c.Version, 0, "version", "the version it says it is").FromEnv("VERSION")
	s.String(&c.Greeting, 0, "greeting", "what / answers").FromEnv("GREETING")
	s.String(&c.GreetingFile, 0, "greeting-file", "read the greeting from this file").FromEnv("GREETING_FILE")
	s.String(&c.Address, 0, "address", "listen on this address only, such as 127.0.0.1 (default: all)").FromEnv("ADDRESS")
	s.Int(&c.Port, 'p', "port", "TCP port").FromEnv("PORT")
	s.String(&c.PodName, 0, "pod-name", "who it says it is (default: the host's name)").FromEnv("POD_NAME")
	s.Duration(&c.StartupDelay, 0, "startup-delay", "wait so long before listening").FromEnv("STARTUP_DELAY")
	s.Duration(&c.ReadyDelay, 0, "ready-delay", "listen, but answer 503 and be unready so long").FromEnv("READY_DELAY")
	s.String(&c.FailStart, 0, "fail-start", "log this message and exit instead of starting").FromEnv("FAIL_START")
	s.Int(&c.FailStartCode, 0, "fail-start-code", "with this exit code").FromEnv("FAIL_START_CODE")
	s.Float(&c.FailureRate, 0, "failure-rate", "fraction of requests that fail, 0 to 1").FromEnv("FAILURE_RATE")
	s.Int(&c.FailureCode, 0, "failure-code", "the status failing requests get").FromEnv("FAILURE_CODE")
	s.Duration(&c.Latency, 0, "latency", "answer so much later").FromEnv("LATENCY")
	s.Bytes(&c.Memory, 0, "memory", "allocate so much memory at start").FromEnv("MEMORY")
	s.Float(&c.CPU, 0, "cpu", "burn so many cores (0.5: half of one)").FromEnv("CPU")
	s.String(&c.OnSIGTERM, 0, "on-sigterm", "drain, exit (drop everything) or ignore").FromEnv("ON_SIGTERM")
	s.Duration(&c.ShutdownDelay, 0, "shutdown-delay", "when draining, serve on so long though unready").FromEnv("SHUTDOWN_DELAY")
	s.Duration(&c.ShutdownTimeout, 0, "shutdown-timeout", "then wait at most so long for requests in flight").FromEnv("SHUTDOWN_TIMEOUT")
	s.String(&c.Required, 0, "required", "comma-separated settings without which it does not start").FromEnv("REQUIRED")
	s.String(&c.ConfigFile, 0, "config-file", "read settings from this file (key = value lines) or directory (one file a key)").FromEnv("CONFIG_FILE")
	s.String(&c.Secret, 0, "secret", "a secret; only its fingerprint is shown").FromEnv("SECRET").Hidden()
	s.String(&c.SecretFile, 0, "secret-file", "read the secret from this file").FromEnv("SECRET_FILE")
	s.String(&c.APIToken, 0, "api-token", "/private wants this token").FromEnv("API_TOKEN").Hidden()
	s.String(&c.APITokenFile, 0, "api-token-file", "read that token from this file").FromEnv("API_TOKEN_FILE")
	s.String(&c.DataDir, 0, "data-dir", "where /kv keeps its values (default: in memory)").FromEnv("DATA_DIR")
	s.String(&c.StoreURL, 0, "store-url", "keep them in another web service, such as http://store:8080, which has to be ready at the start").FromEnv("STORE_URL")
	s.String(&c.AdminToken, 0, "admin-token", "/admin wants this token").FromEnv("ADMIN_TOKEN").Hidden()
	s.Bool(&c.LogProbes, 0, "log-probes", "log requests for probes and metrics too").FromEnv("LOG_PROBES")
	s.Notes = `Endpoints: / /version /healthz /readyz /livez /metrics /env /slow?ms=N /echo /private /kv/KEY /admin
SIGTERM makes it unready at once; it serves on for the shutdown delay, finishes what is in flight and exits 0.`
	return s
}

// load fills c from the environment, the command line and the configuration
// file; the command line wins over the environment, that over the file.
func (c *Config) load(args []string, lookup func(string) (string, bool)) error {
	set := c.options()
	if err := set.ParseEnv(lookup); err != nil {
		return err
	}
	if operands, err := set.Parse(args); err != nil {
		return err
	} else if len(operands) > 0 {
		return fmt.Errorf("unexpected operand %q", operands[0])
	}
	if c.ConfigFile != "" {
		var err error
		if c.Properties, err = readProperties(c.ConfigFile); err != nil {
			return fmt.Errorf("the configuration file cannot be read: %w (check CONFIG_FILE and the volume mount)", err)
		}
		if err := set.ParseFile(c.Properties, c.ConfigFile); err != nil {
			return err
		}
	}
	if err := c.readFiles(); err != nil {
		return err
	}
	if c.PodName == "" {
		c.PodName, _ = os.Hostname() // no name is better than no start
	}
	c.Settings = set.Settings()
	return c.validate(lookup)
}

// readFiles reads the settings that are given as files, as volumes hold them.
func (c *Config) readFiles() error {
	for _, f := range []struct {
		path, variable string
		into           *string
	}{
		{c.GreetingFile, "GREETING_FILE", &c.Greeting},
		{c.SecretFile, "SECRET_FILE", &c.Secret},
		{c.APITokenFile, "API_TOKEN_FILE", &c.APIToken},
	} {
		if f.path == "" {
			continue
		}
		content, err := os.ReadFile(f.path)
		if err != nil {
			return fmt.Errorf("the file of %s cannot be read: %w (check %s and the volume mount)", f.variable, err, f.variable)
		}
		*f.into = strings.TrimRight(string(content), "\r\n")
	}
	return nil
}

func (c *Config) validate(lookup func(string) (string, bool)) error {
	for _, name := range strings.Split(c.Required, ",") {
		name = strings.TrimSpace(name)
		if value, _ := lookup(name); name != "" && value == "" && c.Properties[name] == "" {
			return fmt.Errorf("required setting %s is missing: set the environment variable %s", name, name)
		}
	}
	switch {
	case c.OnSIGTERM != drainOnTerm && c.OnSIGTERM != exitOnTerm && c.OnSIGTERM != ignoreOnTerm:
		return fmt.Errorf("bad value %q for ON_SIGTERM: want drain, exit or ignore", c.OnSIGTERM)
	case c.FailureRate < 0 || c.FailureRate > 1:
		return fmt.Errorf("bad value %g for FAILURE_RATE: want 0 to 1", c.FailureRate)
	case c.FailureCode < 400 || c.FailureCode > 599:
		return fmt.Errorf("bad value %d for FAILURE_CODE: want 400 to 599", c.FailureCode)
	}
	return nil
}
