using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>The lengths of a tensor's axes.</summary>
internal static class TensorShape
{
    /// <summary>How many elements a tensor of this shape has.</summary>
    /// <exception cref="ArgumentException">An axis is negative, or the count does not fit into 63 bits.</exception>
    public static long Count(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long axis in shape)
        {
            if (axis < 0 || (axis > 0 && count > long.MaxValue / axis))
            {
                throw new ArgumentException(
                    $"The axes of a tensor must be at least 0 and few enough to count, but are [{string.Join(", ", shape.ToArray())}].", nameof(shape));
            }

            count *= axis;
        }

        return count;
    }

    /// <summary>As contracts write it: "float32 [2, 24, 5, 8, 12]".</summary>
    public static string Describe(ElementType type, IEnumerable<long> shape) => $"{type.ToName()} [{string.Join(", ", shape)}]";
}
