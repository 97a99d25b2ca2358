namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Names that nothing in a model has yet.</summary>
internal sealed class NameSource
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public NameSource(OnnxGraph graph)
    {
        Take(graph);
    }

    public string Next(string name)
    {
        string unique = name;
        for (int i = 1; !_taken.Add(unique); i++)
        {
            unique = $"{name}_{i}";
        }

        return unique;
    }

    private void Take(OnnxGraph graph)
    {
        _taken.UnionWith(graph.Inputs.Select(input => input.Name));
        _taken.UnionWith(graph.Initializers.Select(tensor => tensor.Name));
        foreach (OnnxNode node in graph.Nodes)
        {
            _taken.Add(node.Name);
            _taken.UnionWith(node.Outputs);
            foreach (OnnxGraph inner in node.Subgraphs)
            {
                Take(inner);
            }
        }
    }
}
