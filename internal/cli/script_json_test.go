package cli

import (
	"encoding/json"
	"fmt"

	"github.com/itchyny/gojq"
	"github.com/rogpeppe/go-internal/testscript"
)

// matchJSON compares what a jq expression finds in the last output with a
// string: json .error.code UnknownLab.
func matchJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json EXPRESSION VALUE")
	}
	var document any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &document); err != nil {
		ts.Fatalf("%v in %s", err, ts.ReadFile("stdout"))
	}
	query, err := gojq.Parse(args[0])
	ts.Check(err)
	value, _ := query.Run(document).Next()
	if got := fmt.Sprint(value); (got == args[1]) == neg {
		ts.Fatalf("%s is %s, want %s, in %s", args[0], got, args[1], ts.ReadFile("stdout"))
	}
}
