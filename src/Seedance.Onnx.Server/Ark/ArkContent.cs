using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Ark;

/// <summary>What the list "content" of a request comes to.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="Images">First and last frame, as they are there.</param>
internal sealed record ArkContent(string Text, IReadOnlyList<DraftImage> Images);
