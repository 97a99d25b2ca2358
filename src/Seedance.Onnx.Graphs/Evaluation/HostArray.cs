using System.Runtime.InteropServices;

namespace Seedance.Onnx.Graphs.Evaluation;

/// <summary>A tensor's values in memory, for arithmetic while a graph is analysed. Never changed once it is made.</summary>
/// <param name="Type">A number type of at least 8 bits, or bool.</param>
/// <param name="Dims">The length of each axis.</param>
/// <param name="Bytes">The elements, little-endian, the last axis fastest.</param>
internal sealed record HostArray(OnnxElementType Type, long[] Dims, byte[] Bytes)
{
    public long Count => Bytes.Length / ItemBytes;

    public int ItemBytes => Type.Bits() / 8;

    /// <summary>Whether arithmetic here knows a type.</summary>
    public static bool Supports(OnnxElementType type) => type is OnnxElementType.Bool || type.IsFloat() || type.IsInteger();

    /// <summary>Reads a tensor; null when its type is not supported.</summary>
    public static HostArray? From(OnnxTensor tensor) => Supports(tensor.ElementType) ? new(tensor.ElementType, [.. tensor.Dimensions], tensor.ToBytes()) : null;

    public static HostArray FromInt64(long[] values, params long[] dims) => new(OnnxElementType.Int64, dims, Bytes64(values));

    /// <summary>Rounds numbers to a type.</summary>
    public static HostArray FromDoubles(OnnxElementType type, long[] dims, double[] values)
    {
        byte[] bytes = new byte[values.Length * (type.Bits() / 8)];
        for (int i = 0; i < values.Length; i++)
        {
            switch (type)
            {
                case OnnxElementType.Float32: Cast<float>(bytes)[i] = (float)values[i]; break;
                case OnnxElementType.Float64: Cast<double>(bytes)[i] = values[i]; break;
                case OnnxElementType.Float16: Cast<Half>(bytes)[i] = (Half)(float)values[i]; break;
                case OnnxElementType.BFloat16: Cast<ushort>(bytes)[i] = ToBFloat16((float)values[i]); break;
                case OnnxElementType.Bool: bytes[i] = values[i] != 0 ? (byte)1 : (byte)0; break;
                default: return FromInt64s(type, dims, Array.ConvertAll(values, value => (long)value));
            }
        }

        return new HostArray(type, dims, bytes);
    }

    /// <summary>Cuts whole numbers to a type, as two's complement does; floating-point types get the nearest.</summary>
    public static HostArray FromInt64s(OnnxElementType type, long[] dims, long[] values)
    {
        if (type.IsFloat())
        {
            return FromDoubles(type, dims, Array.ConvertAll(values, value => (double)value));
        }

        byte[] bytes = new byte[values.Length * (type.Bits() / 8)];
        for (int i = 0; i < values.Length; i++)
        {
            switch (type)
            {
                case OnnxElementType.Bool: bytes[i] = values[i] != 0 ? (byte)1 : (byte)0; break;
                case OnnxElementType.UInt8 or OnnxElementType.Int8: bytes[i] = (byte)values[i]; break;
                case OnnxElementType.UInt16 or OnnxElementType.Int16: Cast<short>(bytes)[i] = (short)values[i]; break;
                case OnnxElementType.UInt32 or OnnxElementType.Int32: Cast<int>(bytes)[i] = (int)values[i]; break;
                default: Cast<long>(bytes)[i] = values[i]; break;
            }
        }

        return new HostArray(type, dims, bytes);
    }

    /// <summary>The same elements under another shape.</summary>
    public HostArray WithDims(params long[] dims) => this with { Dims = dims };

    public OnnxTensor ToTensor(string name) => OnnxTensor.FromBytes(name, Type, Bytes, Dims);

    public double[] ToDoubles()
    {
        var values = new double[Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Type switch
            {
                OnnxElementType.Float32 => Cast<float>(Bytes)[i],
                OnnxElementType.Float64 => Cast<double>(Bytes)[i],
                OnnxElementType.Float16 => (double)Cast<Half>(Bytes)[i],
                OnnxElementType.BFloat16 => BitConverter.Int32BitsToSingle(Cast<ushort>(Bytes)[i] << 16),
                _ => Int64At(i),
            };
        }

        return values;
    }

    /// <summary>The elements as whole numbers; of floating-point elements, the whole part.</summary>
    public long[] ToInt64s()
    {
        if (Type.IsFloat())
        {
            return Array.ConvertAll(ToDoubles(), value => (long)value);
        }

        var values = new long[Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Int64At(i);
        }

        return values;
    }

    private long Int64At(int i) => Type switch
    {
        OnnxElementType.Bool or OnnxElementType.UInt8 => Bytes[i],
        OnnxElementType.Int8 => (sbyte)Bytes[i],
        OnnxElementType.UInt16 => Cast<ushort>(Bytes)[i],
        OnnxElementType.Int16 => Cast<short>(Bytes)[i],
        OnnxElementType.UInt32 => Cast<uint>(Bytes)[i],
        OnnxElementType.Int32 => Cast<int>(Bytes)[i],
        _ => Cast<long>(Bytes)[i],
    };

    private static Span<T> Cast<T>(byte[] bytes)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes.AsSpan());

    private static byte[] Bytes64(long[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // Round to nearest, ties to even; a NaN stays one.
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
