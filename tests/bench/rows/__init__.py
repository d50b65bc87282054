"""The rows: each module measures one thing of one column."""
