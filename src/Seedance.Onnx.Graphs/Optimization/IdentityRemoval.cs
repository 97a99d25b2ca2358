namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Removes nodes that hand on what they are given: Identity, Dropout, Casts to the same type, sums with 0, products with 1, and moves that move nothing.</summary>
internal sealed class IdentityRemoval : IGraphPass
{
    public string Name => "identity";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.EachNode())
        {
            if (Source(graph, node) is { } source && Remove(graph, node, source))
            {
                changes++;
            }
        }

        return changes;
    }

    /// <summary>Takes a node out whose first output is the same as <paramref name="source"/>.</summary>
    internal static bool Remove(GraphView graph, OnnxNode node, string source)
    {
        string value = node.Outputs[0];
        if (!graph.IsOutput(value))
        {
            graph.Replace(node, []);
            graph.Redirect(value, source);
            return true;
        }

        // The graph's output keeps its name: what makes the source makes the output instead.
        if (graph.Maker(source) is not { } maker || graph.IsOutput(source))
        {
            return false;
        }

        graph.Replace(node, []);
        graph.RenameOutput(maker, source, value);
        return true;
    }

    private static string? Source(GraphView graph, OnnxNode node)
    {
        if (!GraphView.Is(node) || node.Inputs.Count == 0)
        {
            return null;
        }

        string first = node.Inputs[0];
        return node.OpType switch
        {
            "Identity" => first,
            "Dropout" when node.Outputs.Skip(1).All(string.IsNullOrEmpty) && node.Input(2).Length == 0 && graph.Opset >= 7 => first,
            "Cast" when graph.Shapes.Find(first) is { ElementType: not OnnxElementType.Undefined } known && (long)known.ElementType == node.Int("to", 0) => first,
            "Transpose" when node.Ints("perm") is { } perm && perm.Select((axis, i) => axis == i).All(same => same) => first,
            "Reshape" or "Expand" or "Tile" or "Slice" or "Pad" or "Flatten" or "Squeeze" or "Unsqueeze" when KeepsShape(graph, node) => first,
            "Concat" when node.Inputs.Count == 1 => first,
            "Add" => Neutral(graph, node, 0, both: true),
            "Sub" => Neutral(graph, node, 0, both: false),
            "Mul" => Neutral(graph, node, 1, both: true),
            "Div" => Neutral(graph, node, 1, both: false),
            _ => null,
        };
    }

    /// <summary>Whether a move leaves all axes as they are. A Slice or Pad of the same lengths moves nothing only with steps of 1 and without negative pads.</summary>
    private static bool KeepsShape(GraphView graph, OnnxNode node)
    {
        if (graph.Shape(node.Inputs[0]) is not { } before || graph.Shape(node.Outputs[0]) is not { } after || !before.AsSpan().SequenceEqual(after))
        {
            return false;
        }

        return node.OpType switch
        {
            "Slice" => node.Input(4).Length == 0 || graph.Constant(node.Inputs[4]) is { } steps && steps.ElementType == OnnxElementType.Int64 && steps.ToArray<long>().All(step => step == 1),
            "Pad" => graph.Constant(node.Input(1)) is { ElementType: OnnxElementType.Int64 } pads && pads.ToArray<long>().All(pad => pad == 0),
            // The same elements in the same order under the same lengths.
            _ => true,
        };
    }

    /// <summary>The other input where one is a constant that changes neither values nor shape.</summary>
    private static string? Neutral(GraphView graph, OnnxNode node, double neutral, bool both)
    {
        foreach ((string value, string constant) in GraphView.BothWays(node).Take(both ? 2 : 1))
        {
            if (graph.Scalar(constant) == neutral && graph.Constant(constant) is { } tensor && tensor.Dimensions.Length <= (graph.Rank(value) ?? 0) && graph.Constant(value) is null)
            {
                return value;
            }
        }

        return null;
    }
}
