namespace Seedance.Onnx.Graphs;

/// <summary>Sizes and names of element types.</summary>
public static class OnnxElementTypes
{
    /// <summary>How many bits one element takes.</summary>
    /// <param name="type">The type.</param>
    /// <returns>2 to 128; 0 for text, and for types that are not known here.</returns>
    public static int Bits(this OnnxElementType type) => type switch
    {
        OnnxElementType.UInt2 or OnnxElementType.Int2 => 2,
        OnnxElementType.UInt4 or OnnxElementType.Int4 or OnnxElementType.Float4E2M1 => 4,
        OnnxElementType.UInt8 or OnnxElementType.Int8 or OnnxElementType.Bool or OnnxElementType.Float8E4M3FN or OnnxElementType.Float8E4M3FNUZ
            or OnnxElementType.Float8E5M2 or OnnxElementType.Float8E5M2FNUZ or OnnxElementType.Float8E8M0 => 8,
        OnnxElementType.UInt16 or OnnxElementType.Int16 or OnnxElementType.Float16 or OnnxElementType.BFloat16 => 16,
        OnnxElementType.Float32 or OnnxElementType.Int32 or OnnxElementType.UInt32 => 32,
        OnnxElementType.Float64 or OnnxElementType.Int64 or OnnxElementType.UInt64 or OnnxElementType.Complex64 => 64,
        OnnxElementType.Complex128 => 128,
        _ => 0,
    };

    /// <summary>How many bytes elements of a type take; elements of less than a byte share one.</summary>
    /// <param name="type">The type.</param>
    /// <param name="count">How many elements.</param>
    /// <returns>The bytes; 0 for text.</returns>
    /// <exception cref="OverflowException">The number does not fit 64 bits.</exception>
    public static long BytesFor(this OnnxElementType type, long count)
    {
        int bits = type.Bits();
        return bits >= 8 ? checked(count * (bits / 8)) : (count / 8 * bits) + (((count % 8 * bits) + 7) / 8);
    }

    /// <summary>Whether elements are single, half, bfloat16 or double-precision numbers.</summary>
    /// <param name="type">The type.</param>
    /// <returns>True for float32, float16, bfloat16 and float64.</returns>
    public static bool IsFloat(this OnnxElementType type) =>
        type is OnnxElementType.Float32 or OnnxElementType.Float16 or OnnxElementType.BFloat16 or OnnxElementType.Float64;

    /// <summary>Whether elements are whole numbers of 8 bits or more.</summary>
    /// <param name="type">The type.</param>
    /// <returns>True for the signed and unsigned integers from 8 to 64 bits.</returns>
    public static bool IsInteger(this OnnxElementType type) =>
        type is OnnxElementType.UInt8 or OnnxElementType.Int8 or OnnxElementType.UInt16 or OnnxElementType.Int16
            or OnnxElementType.Int32 or OnnxElementType.Int64 or OnnxElementType.UInt32 or OnnxElementType.UInt64;

    /// <summary>The name of a type.</summary>
    /// <param name="type">The type.</param>
    /// <returns>Lower case: "float32", "int64", "string"; a number for types that are not known here.</returns>
    public static string ToName(this OnnxElementType type) => type switch
    {
        OnnxElementType.Text => "string",
        _ => Enum.IsDefined(type) ? type.ToString().ToLowerInvariant() : $"type {(int)type}",
    };

    /// <summary>The ONNX type of a .NET type.</summary>
    internal static OnnxElementType Of<T>()
        where T : unmanaged => default(T) switch
    {
        float => OnnxElementType.Float32,
        double => OnnxElementType.Float64,
        Half => OnnxElementType.Float16,
        long => OnnxElementType.Int64,
        int => OnnxElementType.Int32,
        short => OnnxElementType.Int16,
        sbyte => OnnxElementType.Int8,
        ulong => OnnxElementType.UInt64,
        uint => OnnxElementType.UInt32,
        ushort => OnnxElementType.UInt16,
        byte => OnnxElementType.UInt8,
        bool => OnnxElementType.Bool,
        _ => throw new NotSupportedException($"Elements of a tensor must be of a type that ONNX has, but are {typeof(T).Name}."),
    };
}
