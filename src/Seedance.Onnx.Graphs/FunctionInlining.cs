namespace Seedance.Onnx.Graphs;

/// <summary>Puts the nodes of a model's own functions where they are called. Values that the caller sees keep their names.</summary>
internal static class FunctionInlining
{
    // Functions may call functions, but not themselves.
    private const int MaxDepth = 32;

    // A function that calls another twice, which calls another twice, … grows without bound.
    private const int MaxNodes = 1_000_000;

    /// <summary>A copy of the model without functions.</summary>
    /// <exception cref="ModelFileException">A function calls itself, or the calls grow beyond a million nodes.</exception>
    public static OnnxModel Inline(OnnxModel model)
    {
        OnnxModel copy = model.Copy();
        Dictionary<(string, string, string), OnnxFunction> functions = copy.Functions.ToDictionary(function => (OpsetImports.Normalize(function.Domain), function.Name, function.Overload));
        int calls = 0;
        for (int depth = 0; copy.Graph.AllNodes.Any(node => Find(node) is not null); depth++)
        {
            if (depth == MaxDepth)
            {
                throw new ModelFileException(model.Source, $"functions must call one another at most {MaxDepth} deep, but call deeper. Export the model again.");
            }

            InlineIn(copy.Graph);
        }

        foreach ((string domain, long version) in copy.Functions.SelectMany(function => function.Opsets))
        {
            copy.Opsets.Set(domain, Math.Max(copy.Opsets.Find(domain) ?? 0, version));
        }

        copy.Functions.Clear();
        return copy;

        OnnxFunction? Find(OnnxNode node) => functions.GetValueOrDefault((OpsetImports.Normalize(node.Domain), node.OpType, node.Overload));

        void InlineIn(OnnxGraph graph)
        {
            List<OnnxNode> nodes = [];
            foreach (OnnxNode node in graph.Nodes)
            {
                foreach (OnnxGraph inner in node.Subgraphs)
                {
                    InlineIn(inner);
                }

                nodes.AddRange(Find(node) is { } function ? Body(node, function, ++calls) : [node]);
                if (nodes.Count > MaxNodes || calls > MaxNodes)
                {
                    throw new ModelFileException(model.Source, $"functions must unfold to at most {MaxNodes} nodes, but unfold to more. Export the model again.");
                }
            }

            graph.ReplaceNodes(nodes);
        }
    }

    private static IEnumerable<OnnxNode> Body(OnnxNode call, OnnxFunction function, int number)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < function.Inputs.Count; i++)
        {
            names[function.Inputs[i]] = call.Input(i);
        }

        for (int i = 0; i < function.Outputs.Count; i++)
        {
            if (i < call.Outputs.Count && call.Outputs[i].Length > 0)
            {
                // An input that is handed through needs a node of its own.
                if (names.TryGetValue(function.Outputs[i], out string? given))
                {
                    yield return new OnnxNode("Identity", [given], [call.Outputs[i]]);
                }
                else
                {
                    names[function.Outputs[i]] = call.Outputs[i];
                }
            }
        }

        string prefix = $"{(call.Name.Length > 0 ? call.Name : call.OpType)}#{number}/";
        foreach (OnnxNode node in function.Nodes)
        {
            OnnxNode copy = node.Copy();
            copy.Name = copy.Name.Length == 0 ? "" : prefix + copy.Name;
            ResolveAttributes(copy, call, function);
            NodeNames.Rename(copy, name => name.Length == 0 ? "" : names.TryGetValue(name, out string? known) ? known : names[name] = prefix + name);
            yield return copy;
        }
    }

    private static void ResolveAttributes(OnnxNode node, OnnxNode call, OnnxFunction function)
    {
        foreach (OnnxAttribute attribute in node.Attributes.Where(attribute => attribute.Reference.Length > 0).ToList())
        {
            node.Remove(attribute.Name);
            if ((call.Find(attribute.Reference) ?? function.Defaults.FirstOrDefault(other => other.Name == attribute.Reference)) is { } value)
            {
                node.Set(value.WithName(attribute.Name));
            }
        }

        foreach (OnnxNode inner in node.Subgraphs.SelectMany(graph => graph.AllNodes))
        {
            ResolveAttributes(inner, call, function);
        }
    }
}
