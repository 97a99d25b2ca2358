using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>A product as it is written in a graph, in whatever order: constant numbers in one, everything else in a list.</summary>
internal sealed class Factors
{
    private const int MaxDepth = 8;

    private Factors(GraphView graph, string value)
    {
        Add(graph, value, 0);
    }

    /// <summary>All constant numbers multiplied.</summary>
    public double Scale { get; private set; } = 1;

    /// <summary>All other factors; a power of 2 or 3 counts as that many.</summary>
    public List<string> Values { get; } = [];

    public static Factors Of(GraphView graph, string value) => new(graph, value);

    /// <summary>Whether the constant is a number, up to what single precision and the writing of constants lose.</summary>
    public bool HasScale(double expected) => IsNear(Scale, expected);

    /// <summary>Whether this is another product times itself, written as a product or as a power.</summary>
    public bool IsSquareOf(Factors other) => IsNear(Scale, other.Scale * other.Scale)
        && Values.Order(StringComparer.Ordinal).SequenceEqual(other.Values.Concat(other.Values).Order(StringComparer.Ordinal));

    public static bool IsNear(double actual, double expected) => Math.Abs(actual - expected) <= 2e-4 * Math.Abs(expected);

    private void Add(GraphView graph, string value, int depth)
    {
        OnnxNode? node = depth < MaxDepth ? graph.Maker(value, "Mul", "Div", "Pow", "Neg") : null;
        if (graph.Scalar(value) is { } number)
        {
            Scale *= number;
        }
        else if (node is { OpType: "Mul" })
        {
            Add(graph, node.Inputs[0], depth + 1);
            Add(graph, node.Inputs[1], depth + 1);
        }
        else if (node is { OpType: "Div" } && graph.Scalar(node.Inputs[1]) is { } divisor)
        {
            Scale /= divisor;
            Add(graph, node.Inputs[0], depth + 1);
        }
        else if (node is { OpType: "Neg" })
        {
            Scale = -Scale;
            Add(graph, node.Inputs[0], depth + 1);
        }
        else if (node is { OpType: "Pow" } && graph.Scalar(node.Inputs[1]) is { } power and (2 or 3))
        {
            for (int i = 0; i < (int)power; i++)
            {
                Add(graph, node.Inputs[0], depth + 1);
            }
        }
        else
        {
            Values.Add(value);
        }
    }
}
