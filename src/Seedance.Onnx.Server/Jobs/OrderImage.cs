namespace Seedance.Onnx.Server.Jobs;

/// <summary>An image that came with a job. Its file is named after its role, never after what the client called it.</summary>
/// <param name="Role">What it is to the video: one of the constants here.</param>
/// <param name="Name">What errors call it.</param>
internal sealed record OrderImage(string Role, string Name)
{
    public const string FirstFrame = "first_frame";
    public const string LastFrame = "last_frame";
}
