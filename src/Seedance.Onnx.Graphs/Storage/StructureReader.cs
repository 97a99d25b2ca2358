using System.Buffers;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>
/// Copies a model message without the values of its large tensors. Each of those gets the number of an entry in <see cref="Ranges"/> instead, in a
/// field of ours (TensorProto.range), so that the generated parser never sees, and never holds, the values.
/// </summary>
internal sealed class StructureReader(Stream stream, string model, OnnxReadOptions options)
{
    // Graph in attribute in node in graph: three levels each.
    private const int MaxDepth = 90;

    private readonly ProtobufReader _reader = new(stream, model);
    private long _copied;

    /// <summary>Where the values that were left out are: position and length in the stream.</summary>
    public List<(long Offset, long Length)> Ranges { get; } = [];

    public ReadOnlyMemory<byte> Read()
    {
        ArrayBufferWriter<byte> structure = new();
        Copy(MessageKind.Model, stream.Length, structure, depth: 0);
        return structure.WrittenMemory;
    }

    private void Copy(MessageKind kind, long end, ArrayBufferWriter<byte> to, int depth)
    {
        if (depth > MaxDepth)
        {
            throw _reader.Malformed(_reader.Position, $"messages must nest at most {MaxDepth} deep, but nest deeper");
        }

        while (_reader.Position < end)
        {
            long at = _reader.Position;
            (int field, int wireType) = _reader.ReadTag(end);
            if (kind == MessageKind.Tensor && field == TensorProto.RangeFieldNumber)
            {
                throw _reader.Malformed(at, $"a tensor must not have field {field}, but has it");
            }

            switch (wireType)
            {
                case ProtobufReader.Varint:
                    WriteTag(to, field, wireType);
                    WriteVarint(to, _reader.ReadVarint(end));
                    break;
                case ProtobufReader.Bytes:
                    CopyBytes(kind, field, _reader.ReadLength(end), to, depth);
                    break;
                default:
                    WriteTag(to, field, wireType);
                    CopyRaw(wireType == ProtobufReader.Fixed64 ? 8 : 4, end, to);
                    break;
            }
        }
    }

    private void CopyBytes(MessageKind kind, int field, long length, ArrayBufferWriter<byte> to, int depth)
    {
        long end = _reader.Position + length;
        if (kind == MessageKind.Tensor && field == TensorProto.RawDataFieldNumber && length >= options.LargeTensorBytes)
        {
            WriteTag(to, TensorProto.RangeFieldNumber, ProtobufReader.Varint);
            WriteVarint(to, (ulong)Ranges.Count);
            Ranges.Add((_reader.Position, length));
            _reader.Skip(length);
            return;
        }

        WriteTag(to, field, ProtobufReader.Bytes);
        MessageKind child = kind.Child(field);
        // A message shorter than a large tensor cannot hold one; but what is in it must still be looked at for our own field.
        if (child == MessageKind.Other)
        {
            WriteVarint(to, (ulong)length);
            CopyRaw(length, end, to);
            return;
        }

        ArrayBufferWriter<byte> nested = new();
        Copy(child, end, nested, depth + 1);
        WriteVarint(to, (ulong)nested.WrittenCount);
        to.Write(nested.WrittenSpan);
    }

    private void CopyRaw(long length, long end, ArrayBufferWriter<byte> to)
    {
        if (length > end - _reader.Position)
        {
            throw _reader.Malformed(_reader.Position, $"{length} bytes must follow, but only {end - _reader.Position} are left");
        }

        _copied += length;
        if (_copied > Math.Min(options.MaxStructureBytes, Array.MaxLength))
        {
            throw new ModelFileException(model, $"what is beside its large tensors must take at most {options.MaxStructureBytes} bytes, but takes more. "
                + "Raise the limit if the file is trusted, or export it with raw or external tensor data.");
        }

        _reader.Read(to.GetSpan((int)length)[..(int)length]);
        to.Advance((int)length);
    }

    private static void WriteTag(ArrayBufferWriter<byte> to, int field, int wireType) => WriteVarint(to, ((ulong)field << 3) | (uint)wireType);

    private static void WriteVarint(ArrayBufferWriter<byte> to, ulong value)
    {
        Span<byte> bytes = to.GetSpan(10);
        int count = 0;
        for (; value >= 0x80; value >>= 7)
        {
            bytes[count++] = (byte)(value | 0x80);
        }

        bytes[count++] = (byte)value;
        to.Advance(count);
    }
}
