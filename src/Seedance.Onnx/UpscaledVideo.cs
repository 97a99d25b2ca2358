using Seedance.Onnx.Latents;

namespace Seedance.Onnx;

/// <summary>A video that was made larger.</summary>
/// <param name="Path">The file's full path.</param>
/// <param name="Size">The size of its frames in pixels.</param>
/// <param name="Frames">How many frames it has.</param>
/// <param name="Notices">What is otherwise than one may think: sound that is not kept, for example.</param>
public sealed record UpscaledVideo(string Path, VideoSize Size, int Frames, IReadOnlyList<string> Notices);
