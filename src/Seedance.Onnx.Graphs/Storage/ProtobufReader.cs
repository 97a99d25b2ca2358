namespace Seedance.Onnx.Graphs.Storage;

/// <summary>Reads protobuf's wire format from a seekable stream, a field at a time.</summary>
internal sealed class ProtobufReader(Stream stream, string model)
{
    public const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    /// <summary>The position in the stream.</summary>
    public long Position { get; private set; } = stream.Position;

    /// <summary>Reads a field's number and wire type.</summary>
    public (int Field, int WireType) ReadTag(long end)
    {
        long at = Position;
        ulong tag = ReadVarint(end);
        (ulong field, int wireType) = (tag >> 3, (int)(tag & 7));
        return tag <= uint.MaxValue && field > 0 && wireType is Varint or Fixed64 or Bytes or Fixed32
            ? ((int)field, wireType)
            : throw Malformed(at, $"a field must begin, but there is tag {tag}");
    }

    public ulong ReadVarint(long end)
    {
        long at = Position;
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte part = ReadByte(end);
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Malformed(at, "a number must end within 10 bytes, but does not");
    }

    /// <summary>Reads the length of a bytes field that must end before <paramref name="end"/>.</summary>
    public long ReadLength(long end)
    {
        long at = Position;
        ulong length = ReadVarint(end);
        return length <= (ulong)(end - Position)
            ? (long)length
            : throw Malformed(at, $"a field of {length} bytes must fit, but only {end - Position} are left");
    }

    public void Read(Span<byte> destination)
    {
        stream.ReadExactly(destination);
        Position += destination.Length;
    }

    public void Skip(long count)
    {
        Position += count;
        stream.Position = Position;
    }

    public ModelFileException Malformed(long position, string problem, Exception? error = null) =>
        new(model, $"at byte {position} {problem}. The file is cut short, damaged, or no ONNX model: copy or export it again.", error);

    private byte ReadByte(long end)
    {
        int value = Position < end ? stream.ReadByte() : -1;
        if (value < 0)
        {
            throw Malformed(Position, "there must be more, but the end is here");
        }

        Position++;
        return (byte)value;
    }
}
