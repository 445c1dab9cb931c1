package lint

import "slipway/internal/workflow"

var calledInput = rule{
	Rule: Rule{"called-input", "An input of workflow_call that is required and has a default"},
	workflow: func(p *pass) {
		if p.workflow.Call == nil {
			return
		}
		for _, in := range p.workflow.Call.Inputs {
			if in.Required && in.Default != nil && in.Default.Kind() != workflow.TokenNull {
				p.report(p.source.scalar(in.Default), "this default is never used: the input '%s' is required", in.Name)
			}
		}
	},
}
