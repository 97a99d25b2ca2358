namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Makes one of two moves in a row: Transpose behind Transpose, Reshape behind Reshape.</summary>
internal sealed class MoveMerging : IGraphPass
{
    public string Name => "moves";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.EachNode())
        {
            if (GraphView.Is(node, "Transpose") && graph.Maker(node.Inputs[0], "Transpose") is { } before && node.Ints("perm") is { } outer && before.Ints("perm") is { } inner
                && outer.All(axis => axis >= 0 && axis < inner.Count))
            {
                graph.Rewrite(node).End("Transpose", "", [before.Inputs[0]], OnnxAttribute.Create("perm", outer.Select(axis => inner[(int)axis])));
                changes++;
            }
            else if (GraphView.Is(node, "Reshape") && graph.Maker(node.Inputs[0], "Reshape", "Flatten", "Squeeze", "Unsqueeze") is { } view && IsAbsolute(graph, node))
            {
                graph.Rewrite(node).End("Reshape", "", [view.Inputs[0], node.Input(1)], [.. node.Attributes]);
                changes++;
            }
        }

        return changes;
    }

    /// <summary>Whether a Reshape says all lengths itself, or all but one: a 0 would copy a length of its input.</summary>
    private static bool IsAbsolute(GraphView graph, OnnxNode node) =>
        graph.Shapes.Find(node.Input(1))?.Elements is { } target && target.All(length => length.Length is > 0 or -1);
}
