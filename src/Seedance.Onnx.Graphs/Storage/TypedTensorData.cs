using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>Values in the field of their type (float_data and the like) as the little-endian bytes that raw_data would hold.</summary>
internal sealed class TypedTensorData(TensorProto message, OnnxElementType type) : TensorData
{
    private readonly Lazy<byte[]> _bytes = new(() => ToBytes(message, type));

    public override long Length => type switch
    {
        OnnxElementType.Float32 or OnnxElementType.Complex64 => message.FloatData.Count * 4L,
        OnnxElementType.Float64 or OnnxElementType.Complex128 => message.DoubleData.Count * 8L,
        OnnxElementType.Int64 => message.Int64Data.Count * 8L,
        OnnxElementType.UInt64 => message.Uint64Data.Count * 8L,
        OnnxElementType.UInt32 => message.Uint64Data.Count * 4L,
        _ => (long)message.Int32Data.Count * Int32Bytes(type),
    };

    /// <summary>Whether a message has values in such a field.</summary>
    public static bool Has(TensorProto message) =>
        message.FloatData.Count + message.DoubleData.Count + message.Int32Data.Count + message.Int64Data.Count + message.Uint64Data.Count > 0;

    public static void Clear(TensorProto message)
    {
        message.FloatData.Clear();
        message.DoubleData.Clear();
        message.Int32Data.Clear();
        message.Int64Data.Clear();
        message.Uint64Data.Clear();
    }

    public override void Read(long offset, Span<byte> destination) => _bytes.Value.AsSpan((int)offset, destination.Length).CopyTo(destination);

    /// <summary>The bytes that one entry of int32_data stands for: types below a byte are packed there as in raw_data, a byte an entry.</summary>
    private static int Int32Bytes(OnnxElementType type) => Math.Clamp(type.Bits() / 8, 1, 4);

    private static byte[] ToBytes(TensorProto message, OnnxElementType type) => type switch
    {
        OnnxElementType.Float32 or OnnxElementType.Complex64 => Bytes<float>([.. message.FloatData]),
        OnnxElementType.Float64 or OnnxElementType.Complex128 => Bytes<double>([.. message.DoubleData]),
        OnnxElementType.Int64 => Bytes<long>([.. message.Int64Data]),
        OnnxElementType.UInt64 => Bytes<ulong>([.. message.Uint64Data]),
        OnnxElementType.UInt32 => Bytes<uint>([.. message.Uint64Data.Select(value => (uint)value)]),
        _ => Narrow(message, Int32Bytes(type)),
    };

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static byte[] Narrow(TensorProto message, int size)
    {
        byte[] bytes = new byte[message.Int32Data.Count * size];
        Span<byte> entry = stackalloc byte[4];
        for (int i = 0; i < message.Int32Data.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(entry, message.Int32Data[i]);
            entry[..size].CopyTo(bytes.AsSpan(i * size));
        }

        return bytes;
    }
}
