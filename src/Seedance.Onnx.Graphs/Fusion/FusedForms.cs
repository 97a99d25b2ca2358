using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Takes apart what <see cref="SkipNormalizationFusion"/>, <see cref="RowNormalization"/> and <see cref="RotaryFusion"/> made for others, so that it can become part of a row program: a graph that was optimised
/// before, as every pack with 8-bit products was, runs like one that was not.
/// </summary>
internal sealed class FusedForms : IGraphPass
{
    public string Name => "fused forms";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.RowPrograms ? graph.EachNode() : [])
        {
            bool changed = node.Domain == OpsetImports.Microsoft && node.OpType switch
            {
                "SkipLayerNormalization" => RowsOf(graph, node) || SumAndNormalization(graph, node, "LayerNormalization"),
                "SkipSimplifiedLayerNormalization" => SumAndNormalization(graph, node, "SimplifiedLayerNormalization"),
                "RotaryEmbedding" => Rotation(graph, node),
                _ => false,
            };
            changes += changed ? 1 : 0;
        }

        return changes;
    }

    /// <summary>Rows with nothing to skip, between two Reshapes.</summary>
    private static bool RowsOf(GraphView graph, OnnxNode node)
    {
        if (graph.Maker(node.Inputs[0], "Reshape") is not { } before || graph.OnlyReader(node.Outputs[0], "Reshape") is not { } behind || !IsNothing(graph, node.Inputs[1]) || node.Input(4).Length > 0
            || node.Outputs.Skip(1).Any(output => output.Length > 0) || graph.Shape(behind.Outputs[0]) is not { } shape || FindSqueezed(graph.Shape(before.Inputs[0]), shape) is not { } squeezed || graph.Length(before.Inputs[0], -1) != graph.Length(node.Inputs[0], -1))
        {
            return false;
        }

        graph.Replace(node, []);
        Rewriting rewriting = graph.Rewrite(behind);
        string value = squeezed.Length == 0 ? before.Inputs[0] : rewriting.Add("Squeeze", [before.Inputs[0], rewriting.Integers(squeezed)]);
        rewriting.End("LayerNormalization", "", [value, .. node.Inputs.Skip(2)], OnnxAttribute.Create("epsilon", node.Float("epsilon", 1e-5f)));
        return true;
    }

    /// <summary>The axis of length 1 without which a shape is another, as a list; none when both are the same, null when they are not so.</summary>
    private static long[]? FindSqueezed(OnnxDimension[]? from, OnnxDimension[] to)
    {
        if (from is null || from.AsSpan().SequenceEqual(to))
        {
            return from is null ? null : [];
        }

        long axis = from.Length == to.Length + 1 ? Array.FindIndex(from, length => length.Length == 1) : -1;
        return axis >= 0 && from.Where((_, at) => at != axis).SequenceEqual(to) ? [axis] : null;
    }

    private static bool SumAndNormalization(GraphView graph, OnnxNode node, string normalization)
    {
        // The means and deviations of a training run.
        if (node.Outputs.Skip(1).Take(2).Any(output => output.Length > 0) || !graph.SameShape(node.Inputs[0], node.Inputs[1]))
        {
            return false;
        }

        // Gamma, beta and bias of the one with a mean, gamma and bias of the other.
        bool centred = normalization == "LayerNormalization";
        string bias = node.Input(centred ? 4 : 3), skip = node.Inputs[1];
        List<OnnxNode> nodes = [];
        if (bias.Length > 0)
        {
            string biased = graph.NewName(node.Name, "Add_output");
            nodes.Add(new OnnxNode("Add", [skip, bias], [biased], graph.NewName(node.Name, "Add")));
            skip = biased;
        }

        string sum = node.Outputs.Count > 3 && node.Outputs[3].Length > 0 ? node.Outputs[3] : graph.NewName(node.Name, "Add_output");
        nodes.Add(new OnnxNode("Add", [node.Inputs[0], skip], [sum], graph.NewName(node.Name, "Add")));
        nodes.Add(new OnnxNode(normalization, centred ? [sum, node.Inputs[2], node.Input(3)] : [sum, node.Inputs[2]], [node.Outputs[0]], graph.NewName(node.Name, normalization), "",
            OnnxAttribute.Create("axis", -1), OnnxAttribute.Create("epsilon", node.Float("epsilon", 1e-5f))));
        graph.Replace(node, nodes);
        return true;
    }

    private static bool Rotation(GraphView graph, OnnxNode node)
    {
        if (node.Int("interleaved", 0) != 0 || node.Int("rotary_embedding_dim", 0) != 0 || graph.Shape(node.Inputs[0]) is not [_, _, var tokens, { Length: { } size }] || size / 2 % RowProgram.WidthUnit != 0
            || FindAngles(graph, node.Inputs[2], tokens, size / 2) is not { } cos || FindAngles(graph, node.Inputs[3], tokens, size / 2) is not { } sin
            || !(graph.Scalar(node.Inputs[1]) == 0 || (graph.Maker(node.Inputs[1], "Reshape") is { } rows && graph.Maker(rows.Inputs[0], "Range") is { } range && graph.Scalar(range.Inputs[0]) == 0)))
        {
            return false;
        }

        Rewriting rewriting = graph.Rewrite(node);
        rewriting.End(RowProgram.RotateOperator, RowProgram.Domain, [node.Inputs[0], ForHeads(graph, rewriting, cos), ForHeads(graph, rewriting, sin)]);
        return true;
    }

    /// <summary>What was laid out as a table with a row for each token, or for each token of each batch: [S, d/2], [B, S, d/2] or [B, 1, S, d/2].</summary>
    private static string? FindAngles(GraphView graph, string table, OnnxDimension tokens, long half)
    {
        string angles = graph.Rank(table) == 2 && graph.Maker(table, "Reshape") is { } layout ? layout.Inputs[0] : table;
        return graph.Shape(angles) is { Length: 2 or 3 or 4 } shape && shape[^1].Length == half && shape[^2] == tokens && (shape.Length < 4 || shape[1].Length == 1) ? angles : null;
    }

    private static string ForHeads(GraphView graph, Rewriting rewriting, string angles) => graph.Rank(angles) == 3 ? rewriting.Add("Unsqueeze", [angles, rewriting.Integers(1)]) : angles;

    private static bool IsNothing(GraphView graph, string value) => graph.Constant(value) is { ElementType: OnnxElementType.Float32 } tensor && HostArray.From(tensor)!.ToDoubles().All(element => element == 0);
}
