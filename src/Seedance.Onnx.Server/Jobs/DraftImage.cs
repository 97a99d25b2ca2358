namespace Seedance.Onnx.Server.Jobs;

/// <summary>An image that came with a request.</summary>
/// <param name="Role">What it is to the video: one of the constants of <see cref="OrderImage"/>.</param>
/// <param name="Bytes">The bytes of its file.</param>
/// <param name="Parameter">The parameter that it came with.</param>
internal sealed record DraftImage(string Role, ReadOnlyMemory<byte> Bytes, string Parameter);
