using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Arithmetic on lengths of which some are not known.</summary>
internal static class Lengths
{
    public static OnnxDimension Apply(OnnxDimension a, OnnxDimension b, Func<long, long, long> apply) => a.Length is { } x && b.Length is { } y ? apply(x, y) : OnnxDimension.Unknown;

    public static OnnxDimension Apply(OnnxDimension a, Func<long, long> apply) => a.Length is { } x ? apply(x) : OnnxDimension.Unknown;

    /// <summary>The product; unknown if a factor is, unless all others are 1.</summary>
    public static OnnxDimension Product(IEnumerable<OnnxDimension> lengths)
    {
        OnnxDimension[] factors = [.. lengths.Where(length => length.Length != 1)];
        return factors.Length == 1 ? factors[0] : factors.Aggregate((OnnxDimension)1L, (a, b) => Apply(a, b, (x, y) => x * y));
    }

    public static OnnxDimension Sum(IEnumerable<OnnxDimension> lengths)
    {
        OnnxDimension[] terms = [.. lengths.Where(length => length.Length != 0)];
        return terms.Length == 1 ? terms[0] : terms.Aggregate((OnnxDimension)0L, (a, b) => Apply(a, b, (x, y) => x + y));
    }

    /// <summary>The common shape of two or more, axis by axis from the last.</summary>
    public static ImmutableArray<OnnxDimension>? Broadcast(params IEnumerable<ImmutableArray<OnnxDimension>?> shapes)
    {
        OnnxDimension[] result = [];
        foreach (ImmutableArray<OnnxDimension>? next in shapes)
        {
            if (next is not { } shape)
            {
                return null;
            }

            OnnxDimension[] wider = new OnnxDimension[Math.Max(result.Length, shape.Length)];
            for (int i = 1; i <= wider.Length; i++)
            {
                wider[^i] = Common(i <= result.Length ? result[^i] : 1, i <= shape.Length ? shape[^i] : 1);
            }

            result = wider;
        }

        return [.. result];
    }

    private static OnnxDimension Common(OnnxDimension a, OnnxDimension b) =>
        a == b || b.Length == 1 ? a
        : a.Length == 1 ? b
        // A length that is not known can only be 1 or the other one, which is known and not 1.
        : a.Length is not null ? a
        : b.Length is not null ? b
        : OnnxDimension.Unknown;
}
