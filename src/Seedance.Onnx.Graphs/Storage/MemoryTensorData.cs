namespace Seedance.Onnx.Graphs.Storage;

/// <summary>Bytes in memory.</summary>
internal sealed class MemoryTensorData(ReadOnlyMemory<byte> bytes) : TensorData
{
    public override long Length => bytes.Length;

    public override void Read(long offset, Span<byte> destination) => bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);

    public override void CopyTo(Stream destination, CancellationToken cancellationToken) => destination.Write(bytes.Span);
}
