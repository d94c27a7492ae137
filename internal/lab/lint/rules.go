package lint

import (
	"slices"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/problem"
	"labctl.dev/labctl/internal/lab/strictyaml"
)

// Rule is one thing that labs have to obey.
type Rule struct {
	// ID is stable: people search for it.
	ID string
	// Purpose says in a sentence what the rule asks for.
	Purpose  string
	Severity problem.Severity

	check func(*pass) // nil for what is found while reading
}

// Rules lists every rule, those that reading a file already enforces first.
// testdata/labs has a lab for each that breaks it.
func Rules() []Rule { return slices.Concat(labRules(), proofRules()) }

// labRules are those of the lab itself.
func labRules() []Rule {
	const e, w = problem.Error, problem.Warning
	return []Rule{
		{strictyaml.RuleEncoding, "Files are plain UTF-8 text with Unix line ends.", e, badEncodings},
		{strictyaml.RuleSize, "Files are small, and not nested deeply.", e, nil},
		{strictyaml.RuleSyntax, "Files are YAML.", e, nil},
		{strictyaml.RuleFeature, "No anchors, aliases, tags, merge keys or second documents.", e, nil},
		{strictyaml.RuleDuplicate, "A key stands once in a map.", e, nil},
		{strictyaml.RuleUnknown, "Only keys of the format.", e, nil},
		{strictyaml.RuleMissing, "Required keys are there, and not empty.", e, nil},
		{strictyaml.RuleType, "Values are of the right type.", e, nil},
		{strictyaml.RuleValue, "Values are within their range or list.", e, nil},
		{strictyaml.RuleOneOf, "One probe in an expect, one verb in a stimulus, one way to draw a parameter.", e, nil},

		{"bad-name", "Names can be used where they are put: in CEL, in Kubernetes, on the command line.", e, badNames},
		{"duplicate-id", "Ids are unique.", e, duplicateIDs},
		{"unknown-need", "What a task or check needs exists.", e, unknownNeeds},
		{"need-cycle", "Nothing needs itself, by whatever detour.", e, needCycles},
		{"bad-param", "Parameters can be drawn.", e, badParams},
		{"empty-hint", "Hints say something.", e, emptyHints},
		{lab.RuleFile, "Files that the lab names exist.", e, missingFiles},
		{"path-escapes", "Nothing leads out of the lab's directory, and there are no symbolic links.", e, escapingPaths},
		{"bad-manifest", "Manifests are YAML objects with apiVersion, kind and name.", e, badManifests},
		{strictyaml.RuleReference, "$(params.x) and $(images.x) refer to something, in every file where they are filled in.", e, unknownReferences},
		{"bad-expression", "CEL compiles, conditions are conditions, and {{ }} in messages compiles.", e, badExpressions},
		{"unknown-variable", "params.x, images.x and recorded.x in CEL exist.", e, unknownVariables},
		{"unknown-capability", "Capabilities are ones that engines can have.", e, unknownCapabilities},
		{"unknown-component", "Components exist.", e, unknownComponents},
		{"unknown-app", "Images run an applet that labapp has.", e, unknownApps},
		{"unknown-check", "The lists of what may be unassessable name engines and checks that exist.", e, unknownUnassessable},
		{"needs-cluster", "A lab that looks into a cluster asks for one.", e, needsCluster},
		{"needs-docker", "A lab that looks at containers asks for Docker.", e, needsDocker},
		{"bad-setup", "What a lab begins with in Docker can be made.", e, badSetup},
		{"bad-target", "What is looked at or changed is named clearly: one object, or a selection.", e, badTargets},
		{"for-exceeds-within", "What has to stay true can do so in the time there is.", e, forExceedsWithin},
		{"stimuli-shared", "A check with stimuli runs alone.", e, sharedStimuli},
		{"unknown-load", "A load probe names a load of its check.", e, unknownLoads},
		{"load-duration", "A load in `when` has a duration, one in `while` lasts as long as the check.", e, loadDurations},
		{"no-code", "Every expectation has a code and a message.", w, noCodes},
		{"history-evidence", "Checks can be judged from the final state.", w, historyEvidence},
		{"no-explanation", "Tasks explain themselves once they pass.", w, noExplanations},
		{"unused", "Parameters and images are used.", w, unused},
	}
}

// proofRules are those of a lab that others shall get: of its place in a
// catalogue and of its verdicts. A lab can be started without.
func proofRules() []Rule {
	const e, w = problem.Error, problem.Warning
	return []Rule{
		{"directory-name", "A lab's directory has the lab's name, which is how a catalogue finds it.", e, directoryName},
		{"no-untouched", "verdicts/untouched lists the code of every check that can fail there.", e, untouched},
		{"bad-case", "Cases have what their kind needs.", e, badCases},
		{"unknown-case-check", "Cases name checks that exist.", e, unknownCaseChecks},
		{"unknown-case-code", "Cases name codes that their check can give.", e, unknownCaseCodes},
		{"few-solutions", "Three solutions at least, which say how they differ.", w, fewSolutions},
		{"shallow-mutants", "Half of the mutants work but are wrong, or cheat.", w, shallowMutants},
		{"untested-check", "For every check there is a mutant that it alone catches.", w, untestedChecks},
	}
}
