package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// schema is a set of named definitions.
type schema struct {
	definitions map[string]*definition
}

// definition is one entry of a schema file. Exactly one of its kinds is set.
type definition struct {
	Context       []string      `json:"context"`
	Null          *struct{}     `json:"null"`
	Boolean       *struct{}     `json:"boolean"`
	Number        *struct{}     `json:"number"`
	String        *stringType   `json:"string"`
	Sequence      *sequenceType `json:"sequence"`
	Mapping       *mappingType  `json:"mapping"`
	OneOf         []string      `json:"one-of"`
	AllowedValues []string      `json:"allowed-values"`
}

type stringType struct {
	Constant        string `json:"constant"`
	RequireNonEmpty bool   `json:"require-non-empty"`
	IsExpression    bool   `json:"is-expression"`
}

type sequenceType struct {
	ItemType string `json:"item-type"`
}

type mappingType struct {
	Properties     properties `json:"properties"`
	LooseKeyType   string     `json:"loose-key-type"`
	LooseValueType string     `json:"loose-value-type"`
}

// properties keeps the order of the file: it is the order in which missing
// properties are reported.
type properties []property

type property struct {
	Name     string
	Type     string
	Required bool
}

// UnmarshalJSON reads an object whose values are type names or objects with a type.
func (p *properties) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		prop := property{Name: fmt.Sprint(name)}
		if raw[0] == '"' {
			err = json.Unmarshal(raw, &prop.Type)
		} else {
			err = json.Unmarshal(raw, &prop)
		}
		if err != nil {
			return err
		}
		*p = append(*p, prop)
	}
	return nil
}

// addBuiltins adds the types every template schema has.
func (s *schema) addBuiltins() {
	s.definitions["null"] = &definition{Null: &struct{}{}}
	s.definitions["boolean"] = &definition{Boolean: &struct{}{}}
	s.definitions["number"] = &definition{Number: &struct{}{}}
	s.definitions["string"] = &definition{String: &stringType{}}
	s.definitions["sequence"] = &definition{Sequence: &sequenceType{ItemType: "any"}}
	s.definitions["mapping"] = &definition{Mapping: &mappingType{LooseKeyType: "string", LooseValueType: "any"}}
	s.definitions["any"] = &definition{OneOf: []string{"null", "boolean", "number", "string", "sequence", "mapping"}}
}

func (s *schema) get(name string) (*definition, error) {
	if d := s.definitions[name]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("the schema has no definition %q", name)
}
