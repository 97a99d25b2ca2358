namespace Seedance.Onnx.Graphs.Storage;

/// <summary>Where the bytes of a tensor are. Immutable; safe for use by several threads at once.</summary>
internal abstract class TensorData
{
    /// <summary>Bytes that are copied at a time, so that no tensor needs to be in memory at once.</summary>
    protected const int ChunkBytes = 1 << 20;

    public abstract long Length { get; }

    /// <summary>The full path of the file that holds the bytes; null when they are in memory.</summary>
    public virtual string? File => null;

    /// <summary>Fills <paramref name="destination"/> from a position on.</summary>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>Writes all bytes, a part at a time.</summary>
    public virtual void CopyTo(Stream destination, CancellationToken cancellationToken)
    {
        byte[] chunk = new byte[(int)Math.Min(Length, ChunkBytes)];
        for (long offset = 0; offset < Length;)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, Length - offset));
            Read(offset, part);
            cancellationToken.ThrowIfCancellationRequested();
            destination.Write(part);
            offset += part.Length;
        }
    }

    /// <summary>All bytes at once.</summary>
    /// <exception cref="ModelFileException">There are more than fit one array, or the file changed.</exception>
    public byte[] ReadAll(string name)
    {
        if (Length > Array.MaxLength)
        {
            throw new ModelFileException(File ?? name, $"tensor '{name}' must have at most {Array.MaxLength} bytes to be read at once, but has {Length}. Copy it to a stream.");
        }

        byte[] bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }
}
