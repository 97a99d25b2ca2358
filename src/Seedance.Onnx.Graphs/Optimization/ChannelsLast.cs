namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>
/// Keeps volumes, [B, C, F, H, W], channels last through operators that do not mind the order of axes: activations, sums of two that are turned alike, and what joins or cuts
/// along an axis. The transposition from channels last moves behind them, to where it meets one back and cancels.
/// </summary>
internal sealed class ChannelsLast : IGraphPass
{
    public string Name => "channels last";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.PlanarConvolutions ? graph.EachNode() : [])
        {
            bool done = node.OpType switch
            {
                "QuickGelu" or "Gelu" or "Sigmoid" or "Tanh" or "Relu" when node.Inputs.Count == 1 => Activation(graph, node),
                "Add" or "Sub" or "Mul" when GraphView.Is(node) => Pair(graph, node),
                "Concat" when GraphView.Is(node) => Join(graph, node),
                "Slice" when GraphView.Is(node) => Cut(graph, node),
                _ => false,
            };
            changes += done ? 1 : 0;
        }

        return changes;
    }

    private static bool Activation(GraphView graph, OnnxNode node)
    {
        if (Turn(graph, node.Inputs[0]) is not { } turn || (graph.OnlyReader(node.Inputs[0]) is null && !IsTurnedBack(graph, node, turn.Perm)))
        {
            return false;
        }

        Rewriting rewriting = graph.Rewrite(node);
        End(rewriting, rewriting.Add(node.OpType, node.Domain, [turn.Source], [.. node.Attributes]), turn.Perm);
        return true;
    }

    private static bool Pair(GraphView graph, OnnxNode node)
    {
        if (Turn(graph, node.Inputs[0]) is not { } first || Turn(graph, node.Inputs[1]) is not { } second || !first.Perm.SequenceEqual(second.Perm))
        {
            return false;
        }

        Rewriting rewriting = graph.Rewrite(node);
        End(rewriting, rewriting.Add(node.OpType, [first.Source, second.Source]), first.Perm);
        return true;
    }

    /// <summary>Only where a reader turns the whole back: the other parts must be turned instead.</summary>
    private static bool Join(GraphView graph, OnnxNode node)
    {
        if (node.Inputs.Select(input => Turn(graph, input)).FirstOrDefault(turn => turn is { } known && IsTurnedBack(graph, node, known.Perm)) is not { } turn)
        {
            return false;
        }

        Rewriting rewriting = graph.Rewrite(node);
        long[] back = Inverse(turn.Perm);
        List<string> parts = [.. node.Inputs.Select(input => Turn(graph, input) is { } other && other.Perm.SequenceEqual(turn.Perm)
            ? other.Source : rewriting.Add("Transpose", [input], OnnxAttribute.Create("perm", back)))];
        long axis = node.Int("axis", 0);
        string joined = rewriting.Add("Concat", parts, OnnxAttribute.Create("axis", turn.Perm[axis < 0 ? axis + turn.Perm.Length : axis]));
        End(rewriting, joined, turn.Perm);
        return true;
    }

    private static bool Cut(GraphView graph, OnnxNode node)
    {
        if (Turn(graph, node.Inputs[0]) is not { } turn || graph.Constant(node.Input(3)) is not { ElementType: OnnxElementType.Int64 } axes)
        {
            return false;
        }

        Rewriting rewriting = graph.Rewrite(node);
        string turned = rewriting.Integers([.. axes.ToArray<long>().Select(axis => turn.Perm[axis < 0 ? axis + turn.Perm.Length : axis])]);
        End(rewriting, rewriting.Add("Slice", [turn.Source, .. node.Inputs.Skip(1).Take(2), turned, .. node.Inputs.Skip(4)]), turn.Perm);
        return true;
    }

    private static void End(Rewriting rewriting, string value, long[] perm) => rewriting.End("Transpose", "", [value], OnnxAttribute.Create("perm", perm));

    private static bool IsTurnedBack(GraphView graph, OnnxNode node, long[] perm) =>
        graph.Readers(node.Outputs[0]).Any(reader => GraphView.Is(reader, "Transpose") && reader.Ints("perm") is { } back && back.SequenceEqual(Inverse(perm)));

    private static (string Source, long[] Perm)? Turn(GraphView graph, string value) =>
        graph.Maker(value, "Transpose") is { } node && node.Ints("perm") is { } perm && perm.SequenceEqual(PlanarConvolutions.ToVolume) ? (node.Inputs[0], [.. perm]) : null;

    private static long[] Inverse(long[] perm)
    {
        long[] inverse = new long[perm.Length];
        for (int i = 0; i < perm.Length; i++)
        {
            inverse[perm[i]] = i;
        }

        return inverse;
    }
}
