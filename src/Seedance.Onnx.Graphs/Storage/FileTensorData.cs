using Microsoft.Win32.SafeHandles;

namespace Seedance.Onnx.Graphs.Storage;

/// <summary>A part of a file. It is opened for each read, so that nothing needs to be disposed; a file that changed since is refused.</summary>
internal sealed class FileTensorData(DataFile file, long offset, long length) : TensorData
{
    public override long Length => length;

    public override string File => file.Path;

    public override void Read(long offset1, Span<byte> destination)
    {
        using SafeFileHandle handle = file.Open();
        Fill(handle, offset1, destination);
    }

    public override void CopyTo(Stream destination, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = file.Open();
        byte[] chunk = new byte[(int)Math.Min(length, ChunkBytes)];
        for (long done = 0; done < length;)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - done));
            Fill(handle, done, part);
            cancellationToken.ThrowIfCancellationRequested();
            destination.Write(part);
            done += part.Length;
        }
    }

    private void Fill(SafeFileHandle handle, long from, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(handle, destination, offset + from);
            if (read == 0)
            {
                throw file.Changed();
            }

            from += read;
            destination = destination[read..];
        }
    }
}
