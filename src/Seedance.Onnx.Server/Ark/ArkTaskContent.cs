using System.Text.Json.Serialization;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Where the results of a task can be fetched, without a key, as long as they are kept.</summary>
internal sealed record ArkTaskContent(string VideoUrl, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? LastFrameUrl);
