using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Gelu, x/2 · (1 + erf(x/√2)), and its approximation x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) (Hendrycks and Gimpel, "Gaussian error linear
/// units", 2016), and x · sigmoid(α x): SiLU for α = 1.
/// </summary>
internal sealed class ActivationFusion : IGraphPass
{
    public string Name => "activations";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.EachNode())
        {
            if (GraphView.Is(node, "Mul", "Div") && Fuse(graph, node))
            {
                changes++;
            }
        }

        return changes;
    }

    private static bool Fuse(GraphView graph, OnnxNode node)
    {
        Factors product = Factors.Of(graph, node.Outputs[0]);
        if (product.Values.Count < 2 || !graph.IsSingleOrHalf(node.Outputs[0]))
        {
            return false;
        }

        foreach (string gate in product.Values.Distinct(StringComparer.Ordinal))
        {
            List<string> rest = [.. product.Values];
            rest.Remove(gate);
            // What is gated may be a product itself; then it stands in the gate as the same product.
            if (product.HasScale(0.5) && Gelu(graph, gate) is (var x, var tanh) && SameProduct(graph, x, rest))
            {
                return EmitGelu(graph, node, x, tanh);
            }

            if (product.HasScale(1) && graph.Maker(gate, "Sigmoid") is { } sigmoid && rest.Count == 1)
            {
                Factors inner = Factors.Of(graph, sigmoid.Inputs[0]);
                if (inner.Values is [var gated] && gated == rest[0] && inner.Scale != 0 && graph.Profile.MicrosoftActivations)
                {
                    graph.Rewrite(node).End("QuickGelu", OpsetImports.Microsoft, [gated], OnnxAttribute.Create("alpha", (float)inner.Scale));
                    return true;
                }

                if (sigmoid.Inputs[0] == rest[0] && graph.Profile.MicrosoftActivations)
                {
                    graph.Rewrite(node).End("QuickGelu", OpsetImports.Microsoft, [rest[0]], OnnxAttribute.Create("alpha", 1f));
                    return true;
                }
            }
        }

        return false;
    }

    private static bool SameProduct(GraphView graph, string x, List<string> rest)
    {
        if (rest is [var only] && only == x)
        {
            return true;
        }

        Factors product = Factors.Of(graph, x);
        return product.HasScale(1) && product.Values.Order(StringComparer.Ordinal).SequenceEqual(rest.Order(StringComparer.Ordinal));
    }

    /// <summary>The x of 1 + erf(x/√2), or of 1 + tanh(√(2/π) (x + 0.044715 x³)).</summary>
    private static (string X, bool Tanh)? Gelu(GraphView graph, string gate)
    {
        if (graph.Maker(gate, "Add") is not { } sum)
        {
            return null;
        }

        foreach ((string value, string one) in GraphView.BothWays(sum))
        {
            if (graph.Scalar(one) != 1)
            {
                continue;
            }

            if (graph.Maker(value, "Erf") is { } erf)
            {
                // The last factor out is x itself, even when that is a product.
                foreach (string x in Candidates(graph, erf.Inputs[0]))
                {
                    if (Ratio(graph, erf.Inputs[0], x) is { } scale && Factors.IsNear(scale, 1 / Math.Sqrt(2)))
                    {
                        return (x, false);
                    }
                }
            }

            if (graph.Maker(value, "Tanh") is { } tanh && TanhArgument(graph, tanh.Inputs[0]) is { } argument)
            {
                return (argument, true);
            }
        }

        return null;
    }

    /// <summary>The value itself, and those that it is a multiple of.</summary>
    private static IEnumerable<string> Candidates(GraphView graph, string value)
    {
        yield return value;
        if (graph.Maker(value, "Mul", "Div") is { } node)
        {
            foreach (string input in node.Inputs.Where(input => graph.Scalar(input) is null))
            {
                foreach (string inner in Candidates(graph, input))
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>value / x where that is a constant number.</summary>
    private static double? Ratio(GraphView graph, string value, string x)
    {
        Factors over = Factors.Of(graph, value), under = Factors.Of(graph, x);
        return over.Values.Order(StringComparer.Ordinal).SequenceEqual(under.Values.Order(StringComparer.Ordinal)) && under.Scale != 0 ? over.Scale / under.Scale : null;
    }

    /// <summary>The x of √(2/π) (x + 0.044715 x³), also written √(2/π) x (1 + 0.044715 x²).</summary>
    private static string? TanhArgument(GraphView graph, string value)
    {
        Factors product = Factors.Of(graph, value);
        if (!product.HasScale(Math.Sqrt(2 / Math.PI)))
        {
            return null;
        }

        foreach (string sum in product.Values)
        {
            if (graph.Maker(sum, "Add") is not { } add)
            {
                continue;
            }

            List<string> others = [.. product.Values];
            others.Remove(sum);
            foreach ((string first, string second) in GraphView.BothWays(add))
            {
                Factors cubic = Factors.Of(graph, second);
                bool fits = Factors.IsNear(cubic.Scale, 0.044715);
                if (fits && others.Count == 0 && cubic.Values.Count == 3 && cubic.Values.TrueForAll(factor => factor == first))
                {
                    return first;
                }

                if (fits && others is [var x] && graph.Scalar(first) == 1 && cubic.Values.Count == 2 && cubic.Values.TrueForAll(factor => factor == x))
                {
                    return x;
                }
            }
        }

        return null;
    }

    private static bool EmitGelu(GraphView graph, OnnxNode node, string x, bool tanh)
    {
        if (graph.Opset >= 20)
        {
            graph.Rewrite(node).End("Gelu", "", [x], OnnxAttribute.Create("approximate", tanh ? "tanh" : "none"));
            return true;
        }

        if (graph.Profile.MicrosoftActivations)
        {
            graph.Rewrite(node).End(tanh ? "FastGelu" : "Gelu", OpsetImports.Microsoft, [x]);
            return true;
        }

        return false;
    }
}
