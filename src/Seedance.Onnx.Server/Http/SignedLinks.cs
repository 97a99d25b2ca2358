using System.Security.Cryptography;
using System.Text;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Http;

/// <summary>Links to results that work without a key until the result goes, because clients of Ark fetch them without one. Whoever has a link has that file and nothing else.</summary>
internal sealed class SignedLinks(JobFiles files)
{
    /// <summary>Where they begin.</summary>
    public const string Root = "/results";

    /// <summary>A link.</summary>
    /// <param name="job">The job.</param>
    /// <param name="name">The file: "video.mp4" or "last.png".</param>
    public string Of(VideoJob job, string name) => $"{job.Order.BaseUrl}{Root}/{job.Id}/{name}?until={job.FilesUntil}&signature={Sign(job.Id, name, job.FilesUntil ?? 0)}";

    /// <summary>Whether a link is one of ours. It takes as long for any other.</summary>
    public bool IsOurs(string id, string name, long until, string signature) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(id, name, until)), Encoding.UTF8.GetBytes(signature));

    private string Sign(string id, string name, long until) => Convert.ToHexStringLower(HMACSHA256.HashData(files.Secret, Encoding.UTF8.GetBytes($"{id}/{name}/{until}")));
}
