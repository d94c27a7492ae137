package buildkit

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of Control.SolveRequest.
const (
	oldExporterAttrs protowire.Number = 4
	frontendAttrs    protowire.Number = 7
	entitlements     protowire.Number = 9
	exporters        protowire.Number = 13
)

const (
	// frontendOpt is a field of LLBBridge.SolveRequest.
	frontendOpt protowire.Number = 3
	// exporterAttrs is one of Exporter.
	exporterAttrs protowire.Number = 2
	// deletes is one of UpdateBuildHistoryRequest.
	deletes protowire.Number = 3
)

var errNoMessage = errors.New("labctl: the request is no message that labctl understands")

// solve looks at what a build is to be called and to reach, and labels it.
func (rules Rules) solve(ctx context.Context, message []byte) ([]byte, error) {
	names := func(attrs []byte) error {
		key, value, err := entry(attrs)
		if err != nil || key != "name" {
			return err
		}
		for name := range strings.SplitSeq(value, ",") {
			if err := rules.MayName(ctx, strings.TrimSpace(name)); err != nil {
				return err
			}
		}
		return nil
	}
	err := fields(message, func(number protowire.Number, value []byte) error {
		switch number {
		case entitlements:
			return errors.New("labctl: this lab does not allow builds with " + string(value) + ": the host's network and devices stay the host's")
		case oldExporterAttrs:
			return names(value)
		case exporters:
			return fields(value, func(number protowire.Number, value []byte) error {
				if number != exporterAttrs {
					return nil
				}
				return names(value)
			})
		}
		return nil
	})
	return rules.label(message, frontendAttrs), err
}

// frontend labels what a client builds step by step.
func (rules Rules) frontend(message []byte) ([]byte, error) {
	if err := fields(message, func(protowire.Number, []byte) error { return nil }); err != nil {
		return nil, err
	}
	return rules.label(message, frontendOpt), nil
}

// label adds entries to a field that is a map: of two with one key, the last counts.
func (rules Rules) label(message []byte, field protowire.Number) []byte {
	message = slices.Clone(message)
	for _, name := range slices.Sorted(maps.Keys(rules.Labels)) {
		var one []byte
		one = protowire.AppendTag(one, 1, protowire.BytesType)
		one = protowire.AppendString(one, "label:"+name)
		one = protowire.AppendTag(one, 2, protowire.BytesType)
		one = protowire.AppendString(one, rules.Labels[name])
		message = protowire.AppendTag(message, field, protowire.BytesType)
		message = protowire.AppendBytes(message, one)
	}
	return message
}

// keepHistory refuses to remove records of builds, which may be others'.
func keepHistory(message []byte) ([]byte, error) {
	for rest := message; len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return nil, errNoMessage
		}
		if number == deletes {
			return nil, errors.New("labctl: the history of builds belongs to all who build with this Docker Engine; edit it in a shell of your own, outside of the lab")
		}
		m := protowire.ConsumeFieldValue(number, kind, rest[n:])
		if m < 0 {
			return nil, errNoMessage
		}
		rest = rest[n+m:]
	}
	return message, nil
}

// fields calls do with each field of a message that is made of bytes.
func fields(message []byte, do func(protowire.Number, []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errNoMessage
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return errNoMessage
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message)
			if err := do(number, value); err != nil {
				return err
			}
		}
		message = message[size:]
	}
	return nil
}

// entry reads an entry of a map of texts.
func entry(message []byte) (key, value string, err error) {
	err = fields(message, func(number protowire.Number, text []byte) error {
		switch number {
		case 1:
			key = string(text)
		case 2:
			value = string(text)
		}
		return nil
	})
	return key, value, err
}
