using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Layer normalisation, (x − mean) / √(var + ε) · γ + β (Ba, Kiros and Hinton, 2016), and root-mean-square normalisation, x / √(mean(x²) + ε) · γ
/// (Zhang and Sennrich, 2019), over the last axis.
/// </summary>
internal sealed class NormalizationFusion : IGraphPass
{
    public string Name => "normalisations";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.EachNode())
        {
            if (Match(graph, node) is { } match && Emit(graph, node, match))
            {
                changes++;
            }
        }

        return changes;
    }

    private static NormalizationMatch? Match(GraphView graph, OnnxNode node)
    {
        foreach ((string value, string other) in GraphView.Is(node, "Mul") ? GraphView.BothWays(node) : GraphView.Is(node, "Div") ? GraphView.BothWays(node).Take(1) : [])
        {
            if (Variance(graph, other, inverse: node.OpType == "Mul") is not (var squared, var epsilon))
            {
                continue;
            }

            if (!Factors.Of(graph, squared).IsSquareOf(Factors.Of(graph, value)))
            {
                continue;
            }

            bool centred = graph.Maker(value, "Sub") is { } sub && graph.Maker(sub.Inputs[1], "ReduceMean") is { } mean && mean.Inputs[0] == sub.Inputs[0] && IsOverLastAxis(graph, mean);
            return new NormalizationMatch(centred ? graph.Maker(value, "Sub")!.Inputs[0] : value, (float)epsilon, centred);
        }

        return null;
    }

    /// <summary>What is averaged under the root of √(mean + ε), or of its inverse.</summary>
    private static (string Squared, double Epsilon)? Variance(GraphView graph, string value, bool inverse)
    {
        string? sum = null;
        if (inverse && graph.Maker(value, "Reciprocal") is { } reciprocal)
        {
            (value, inverse) = (reciprocal.Inputs[0], false);
        }
        else if (inverse && graph.Maker(value, "Div") is { } quotient && graph.Scalar(quotient.Inputs[0]) == 1)
        {
            (value, inverse) = (quotient.Inputs[1], false);
        }

        if (!inverse && graph.Maker(value, "Sqrt") is { } root)
        {
            sum = root.Inputs[0];
        }
        else if (graph.Maker(value, "Pow") is { } power && graph.Scalar(power.Inputs[1]) == (inverse ? -0.5 : 0.5))
        {
            sum = power.Inputs[0];
        }

        if (sum is null || graph.Maker(sum, "Add") is not { } add)
        {
            return null;
        }

        foreach ((string mean, string constant) in GraphView.BothWays(add))
        {
            if (graph.Scalar(constant) is { } epsilon and >= 0 && graph.Maker(mean, "ReduceMean") is { } reduce && IsOverLastAxis(graph, reduce))
            {
                return (reduce.Inputs[0], epsilon);
            }
        }

        return null;
    }

    private static bool IsOverLastAxis(GraphView graph, OnnxNode reduce)
    {
        long[]? axes = reduce.Inputs.Count > 1 ? graph.Constant(reduce.Inputs[1])?.ToArray<long>() : reduce.Ints("axes")?.ToArray();
        return axes is [var axis] && (axis == -1 || axis + 1 == graph.Rank(reduce.Inputs[0])) && reduce.Int("keepdims", 1) == 1;
    }

    private static bool Emit(GraphView graph, OnnxNode node, NormalizationMatch match)
    {
        OnnxNode last = node;
        if (graph.Length(match.Input, -1) is not { } width || graph.Shapes.Find(match.Input) is not { } value || !value.ElementType.IsFloat() || !HasOperator(graph, match))
        {
            return false;
        }

        // Scale and shift behind it, where they are vectors.
        string? scale = Absorb(graph, ref last, "Mul", width), shift = match.Centred ? Absorb(graph, ref last, "Add", width) : null;
        if (scale is null)
        {
            scale = graph.NewName(node.Name, "ones");
            graph.Graph.Initializers.Set(HostArray.FromDoubles(value.ElementType, [width], [.. Enumerable.Repeat(1.0, (int)width)]).ToTensor(scale));
        }

        OnnxAttribute[] attributes = [OnnxAttribute.Create("axis", -1), OnnxAttribute.Create("epsilon", match.Epsilon)];
        string op = match.Centred ? "LayerNormalization" : graph.Opset >= 23 ? "RMSNormalization" : "SimplifiedLayerNormalization";
        graph.Rewrite(last).End(op, "", shift is null ? [match.Input, scale] : [match.Input, scale, shift], attributes);
        return true;
    }

    private static bool HasOperator(GraphView graph, NormalizationMatch match) =>
        match.Centred ? graph.Opset >= 17 || graph.Profile.SimplifiedNormalization : graph.Opset >= 23 || graph.Profile.SimplifiedNormalization;

    /// <summary>The vector that the only reader multiplies or adds; that reader is the last node then.</summary>
    private static string? Absorb(GraphView graph, ref OnnxNode last, string op, long width)
    {
        string output = last.Outputs[0];
        if (graph.OnlyReader(output, op) is not { } reader)
        {
            return null;
        }

        foreach ((string value, string vector) in GraphView.BothWays(reader))
        {
            if (value == output && graph.Constant(vector) is { Dimensions: [var length] } && length == width)
            {
                last = reader;
                return vector;
            }
        }

        return null;
    }

    private sealed record NormalizationMatch(string Input, float Epsilon, bool Centred);
}
