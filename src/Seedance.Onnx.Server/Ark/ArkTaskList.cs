namespace Seedance.Onnx.Server.Ark;

/// <summary>A page of tasks, and how many there are in all.</summary>
internal sealed record ArkTaskList(IReadOnlyList<ArkTask> Items, int Total);
