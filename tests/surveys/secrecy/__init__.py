"""Anonymous surveys."""
